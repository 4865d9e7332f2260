from concurrent.futures import ThreadPoolExecutor


def task(n):
    print(n, flush=True)


with ThreadPoolExecutor(1) as pool:
    print("main: starting", flush=True)
    for n in (1, 2, 3, 4):
        pool.submit(task, n)
print("main: done")
