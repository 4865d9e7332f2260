import time
from concurrent.futures import ThreadPoolExecutor


def task(n):
    print("sleeping", n, flush=True)
    time.sleep(n / 10)
    return n / 10


print("main: starting")
with ThreadPoolExecutor(2) as pool:
    future = pool.submit(task, 5)
    print("main: future:", future)
    print("main: waiting for results", flush=True)
    print("main: result:", future.result())
    print("main: future after result:", future)
