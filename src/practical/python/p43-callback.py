import time
from concurrent.futures import ThreadPoolExecutor


def task(n):
    print(f"{n}: sleeping", flush=True)
    time.sleep(0.5)
    print(f"{n}: done", flush=True)
    return n / 10


def done(future):
    if future.cancelled():
        print("5: canceled")
    elif future.exception():
        print("5: error returned:", future.exception())
    else:
        print("5: value returned:", future.result())


print("main: starting")
with ThreadPoolExecutor(2) as pool:
    pool.submit(task, 5).add_done_callback(done)
