import asyncio


async def my_coroutine(future, name, seconds_to_sleep):
    print(f"{name} sleeping for: {seconds_to_sleep} seconds")
    await asyncio.sleep(seconds_to_sleep)
    future.set_result(f"{name} is finished")


def got_result(future):
    print(future.result())


async def main():
    futures = [asyncio.Future(), asyncio.Future()]
    for future in futures:
        future.add_done_callback(got_result)
    await asyncio.wait([
        asyncio.create_task(my_coroutine(futures[0], "task1", 3)),
        asyncio.create_task(my_coroutine(futures[1], "task2", 1)),
    ])


asyncio.run(main())
