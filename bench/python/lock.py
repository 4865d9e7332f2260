import asyncio
import threading
import time

from sample import Stopwatch, count, what


def free():
    lock = threading.Lock()
    acquire, release = lock.acquire, lock.release

    def turn(times):
        for _ in range(times):
            acquire()
            release()

    turn(100_000)
    times = count(3_000_000)
    watch = Stopwatch()
    turn(times)
    watch.stop(times)


async def awaited():
    lock = asyncio.Lock()
    times = count(300_000)
    watch = Stopwatch()
    for _ in range(times):
        await lock.acquire()
        lock.release()
    watch.stop(times)


def contended():
    lock = threading.Lock()
    gate = threading.Barrier(3)
    total = 0
    times = count(1_000_000)

    def add():
        nonlocal total
        gate.wait()
        for _ in range(times):
            with lock:
                total += 1

    threads = [threading.Thread(target=add) for _ in range(2)]
    for thread in threads:
        thread.start()
    while gate.n_waiting < 2:
        time.sleep(0.001)
    watch = Stopwatch()
    gate.wait()
    for thread in threads:
        thread.join()
    watch.stop(2 * times)
    assert total == 2 * times


if what() == "asyncio":
    asyncio.run(awaited())
else:
    {"free": free, "contended": contended}[what()]()
