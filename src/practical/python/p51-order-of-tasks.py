import asyncio
import random
import time


def task(pid):
    time.sleep(random.randint(0, 2) * 0.001)
    print(f"Task {pid} done", flush=True)


async def task_coro(pid):
    await asyncio.sleep(random.randint(0, 2) * 0.001)
    print(f"Task {pid} done", flush=True)


def synchronous():
    for i in range(1, 10):
        task(i)


async def with_coroutines():
    await asyncio.wait([asyncio.create_task(task_coro(i)) for i in range(1, 10)])


print("Synchronous:")
synchronous()
print("Asynchronous:")
asyncio.run(with_coroutines())
