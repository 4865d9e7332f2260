import threading
import time
from concurrent.futures import ThreadPoolExecutor

go = threading.Event()


def task(n):
    print(f"{n}: sleeping", flush=True)
    go.wait()
    print(f"{n}: done", flush=True)
    return n / 10


print("main: starting")
with ThreadPoolExecutor(2) as pool:
    tasks = []
    for n in range(10, 0, -1):
        print("main: submitting", n)
        future = pool.submit(task, n)
        future.add_done_callback(lambda one, n=n: print(f"{n}: {'canceled' if one.cancelled() else 'not canceled'}", flush=True))
        tasks.append((n, future))
    while not all(future.running() for _, future in tasks[:2]):
        time.sleep(0.001)
    for n, future in reversed(tasks):
        if not future.cancel():
            print("main: did not cancel", n)
    go.set()
