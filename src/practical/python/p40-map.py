import threading
import time
from concurrent.futures import ThreadPoolExecutor


def task(n):
    name = threading.current_thread().name
    print(f"{name}: sleeping {n}", flush=True)
    time.sleep(n / 10)
    print(f"{name}: done with {n}", flush=True)
    return n / 10


print("main: starting")
with ThreadPoolExecutor(2, thread_name_prefix="worker") as pool:
    results = pool.map(task, [5, 4, 3, 2, 1])
    print("main: waiting for real results")
    everything = []
    for result in results:
        print("main: result", result, flush=True)
        everything.append(result)
    print("main: results:", everything)
