import threading
import time


def worker(barrier):
    name = threading.current_thread().name
    print(name, "waiting for barrier with", barrier.n_waiting, "others", flush=True)
    try:
        number = barrier.wait()
        print(name, "after barrier", number, flush=True)
    except threading.BrokenBarrierError:
        print(name, "aborting", flush=True)


THREADS = 3
barrier = threading.Barrier(THREADS)
threads = [threading.Thread(name=f"worker-{i}", target=worker, args=(barrier,)) for i in range(THREADS)]
for thread in threads:
    print(thread.name, "starting", flush=True)
    thread.start()
    time.sleep(0.1)
for thread in threads:
    thread.join()
