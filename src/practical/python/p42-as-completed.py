import random
import time
from concurrent.futures import ThreadPoolExecutor, as_completed


def task(n):
    time.sleep(random.random() / 2)
    return n, n / 10


print("main: starting")
with ThreadPoolExecutor(5) as pool:
    for future in as_completed([pool.submit(task, n) for n in (5, 4, 3, 2, 1)]):
        print("main: result:", future.result())
