from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

from sample import Stopwatch, count, what


def same(x):
    return x


def square(x):
    return x * x


kind, _, case = what().partition(" ")
make = ThreadPoolExecutor if kind == "threads" else ProcessPoolExecutor


def burst(pool, n):
    for future in [pool.submit(same, i) for i in range(n)]:
        future.result()


if __name__ == "__main__":
    if case == "start":
        watch = Stopwatch()
        with make(2) as pool:
            pool.submit(same, 1).result()
            watch.stop(1)
    else:
        with make(2) as pool:
            burst(pool, 200)
            if case == "turn":
                times = count(1000)
                watch = Stopwatch()
                for i in range(times):
                    pool.submit(same, i).result()
                watch.stop(times)
            elif case == "burst":
                times = count(10_000)
                watch = Stopwatch()
                burst(pool, times)
                watch.stop(times)
            elif case == "many":
                times = count(100_000)
                watch = Stopwatch()
                burst(pool, times)
                watch.stop(times)
            elif case == "map":
                times = count(1_000_000)
                watch = Stopwatch()
                list(pool.map(square, range(times), chunksize=10_000))
                watch.stop(1)
            elif case == "payload":
                block = bytes(2**20)
                times = count(50)
                watch = Stopwatch()
                for _ in range(times):
                    pool.submit(same, block).result()
                watch.stop(times)
