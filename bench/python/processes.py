import concurrent.futures
import multiprocessing
import time
from multiprocessing import shared_memory

from sample import Stopwatch, count, middle, what

kind, _, variant = what().partition(" ")
MEGABYTES = 100


def nothing():
    pass


def increment(n):
    return n + 1


def put(queue, begun, item, times):
    begun.wait()
    for _ in range(times):
        queue.put(item)


def add(lock, total, ready, begun, times):
    ready.release()
    begun.wait()
    for _ in range(times):
        with lock:
            total.value += 1


def touch(inbox, outbox):
    while True:
        name = inbox.get()
        if name is None:
            return
        memory = shared_memory.SharedMemory(name)
        outbox.put(memory.buf[MEGABYTES * 2**20 - 1])
        memory.close()


def start():
    context = multiprocessing.get_context(variant)

    def one():
        process = context.Process(target=nothing)
        process.start()
        process.join()

    one()
    middle(one, count(10))


def round_trip():
    if variant == "pool":
        with multiprocessing.Pool(2) as pool:
            pool.apply(increment, (1,))
            middle(lambda: pool.apply(increment, (1,)), count(1000))
    else:
        with concurrent.futures.ProcessPoolExecutor(2) as pool:
            pool.submit(increment, 1).result()
            middle(lambda: pool.submit(increment, 1).result(), count(1000))


def together():
    times = count(4000)
    if variant == "pool":
        with multiprocessing.Pool(2) as pool:
            pool.map(increment, range(1000))
            watch = Stopwatch()
            for result in [pool.apply_async(increment, (i,)) for i in range(times)]:
                result.get()
            watch.stop(times)
    else:
        with concurrent.futures.ProcessPoolExecutor(2) as pool:
            list(pool.map(increment, range(100)))
            watch = Stopwatch()
            for future in [pool.submit(increment, i) for i in range(times)]:
                future.result()
            watch.stop(times)


def mapped():
    items = range(count(100_000))
    if variant == "pool":
        with multiprocessing.Pool(2) as pool:
            pool.map(increment, items)
            middle(lambda: pool.map(increment, items), 5)
    else:
        with concurrent.futures.ProcessPoolExecutor(2) as pool:
            chunk = len(items) // 8 + 1
            list(pool.map(increment, items, chunksize=chunk))
            middle(lambda: list(pool.map(increment, items, chunksize=chunk)), 5)


def queue():
    which, size = variant.split(" ")
    items = multiprocessing.Queue() if which == "Queue" else multiprocessing.SimpleQueue()
    item, full = {"int": (7, 30_000), "1KB": (bytes(1024), 30_000), "1MB": (bytes(2**20), 200)}[size]
    times = count(full)
    begun = multiprocessing.Event()
    process = multiprocessing.Process(target=put, args=(items, begun, item, times), daemon=True)
    process.start()
    time.sleep(0.1)
    watch = Stopwatch()
    begun.set()
    for _ in range(times):
        items.get()
    watch.stop(times)
    process.join()


def lock():
    mutex = multiprocessing.Lock()
    if variant == "free":
        times = count(1_000_000)
        watch = Stopwatch()
        for _ in range(times):
            mutex.acquire()
            mutex.release()
        watch.stop(times)
        return
    times = count(200_000)
    total = multiprocessing.Value("i", 0, lock=False)
    ready, begun = multiprocessing.Semaphore(0), multiprocessing.Event()
    processes = [multiprocessing.Process(target=add, args=(mutex, total, ready, begun, times)) for _ in range(2)]
    for process in processes:
        process.start()
    for _ in processes:
        ready.acquire()
    watch = Stopwatch()
    begun.set()
    for process in processes:
        process.join()
    watch.stop(2 * times)


def share():
    inbox, outbox = multiprocessing.SimpleQueue(), multiprocessing.SimpleQueue()
    process = multiprocessing.Process(target=touch, args=(inbox, outbox), daemon=True)
    process.start()
    memory = shared_memory.SharedMemory(create=True, size=MEGABYTES * 2**20)
    memory.buf[:] = bytes(MEGABYTES * 2**20)

    def hand_over():
        inbox.put(memory.name)
        outbox.get()

    hand_over()
    middle(hand_over, count(50))
    inbox.put(None)
    process.join()
    memory.close()
    memory.unlink()


if __name__ == "__main__":
    {"start": start, "trip": round_trip, "together": together, "map": mapped, "queue": queue, "lock": lock, "share": share}[kind]()
