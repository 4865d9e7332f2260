import os
from concurrent.futures import ProcessPoolExecutor


def task(n):
    return n, os.getpid()


if __name__ == "__main__":
    with ProcessPoolExecutor(2) as pool:
        for n, pid in pool.map(task, [5, 4, 3, 2, 1]):
            print(f"ran task {n} in process {pid}")
