import asyncio

from sample import Stopwatch, count, what

kind, _, size = what().partition(" ")


async def leaf():
    return 1


async def suspended():
    await asyncio.sleep(0)


async def waves(n):
    for _ in range(0, n, 1000):
        for task in [asyncio.create_task(leaf()) for _ in range(1000)]:
            await task


async def gather(n):
    await asyncio.gather(*[suspended() for _ in range(n)])


async def semaphore(n):
    permits = asyncio.Semaphore(10)

    async def one():
        async with permits:
            await asyncio.sleep(0)

    await asyncio.gather(*[one() for _ in range(n)])


async def lock(n):
    mutex = asyncio.Lock()
    for _ in range(n):
        await mutex.acquire()
        mutex.release()


async def contended(n):
    mutex = asyncio.Lock()

    async def one():
        for _ in range(n // 100):
            async with mutex:
                await asyncio.sleep(0)

    await asyncio.gather(*[one() for _ in range(100)])


async def queue(n):
    items = asyncio.Queue(int(size))

    async def put():
        for i in range(n):
            await items.put(i)

    async def get():
        for _ in range(n):
            await items.get()

    await asyncio.gather(put(), get())


async def sleep(n):
    async def one():
        for _ in range(n // 1000):
            await asyncio.sleep(0)

    await asyncio.gather(*[one() for _ in range(1000)])


async def soon(n):
    loop = asyncio.get_running_loop()
    called = loop.create_future()
    left = n

    def call():
        nonlocal left
        left -= 1
        if left == 0:
            called.set_result(None)

    for _ in range(n):
        loop.call_soon(call)
    await called


async def timeout(n):
    for _ in range(n):
        async with asyncio.timeout(10):
            await leaf()


async def cancel(n):
    for left in range(n, 0, -10_000):
        tasks = [asyncio.create_task(asyncio.sleep(1e6)) for _ in range(min(10_000, left))]
        await asyncio.sleep(0)
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)


kinds = {
    "waves": (waves, 100_000),
    "gather": (gather, 100_000),
    "million": (gather, 1_000_000),
    "semaphore": (semaphore, 100_000),
    "lock": (lock, 300_000),
    "contended": (contended, 50_000),
    "queue": (queue, 100_000),
    "sleep": (sleep, 200_000),
    "soon": (soon, 200_000),
    "timeout": (timeout, 50_000),
    "cancel": (cancel, 50_000),
}


async def main():
    turn, full = kinds[kind]
    n = max(1000, count(full))
    for _ in range(3):
        await turn(max(1000, n // 10))
    watch = Stopwatch()
    await turn(n)
    watch.stop(n)


asyncio.run(main())
