import asyncio
import random
import time
from concurrent.futures import ThreadPoolExecutor


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


async def with_threads():
    loop = asyncio.get_running_loop()
    with ThreadPoolExecutor(8) as executor:
        await asyncio.wait([loop.run_in_executor(executor, task, i) for i in range(1, 10)])


print("Synchronous:")
synchronous()
print("Asynchronous threads:")
asyncio.run(with_threads())
print("Asynchronous using coroutines:")
asyncio.run(with_coroutines())
