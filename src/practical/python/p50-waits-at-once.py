import asyncio
import time

begin = time.monotonic()


def tic():
    return f"at {time.monotonic() - begin:.1f} seconds"


async def gr1():
    print("gr1 started work:", tic())
    await asyncio.sleep(2)
    print("gr1 ended work:", tic())


async def gr2():
    print("gr2 started work:", tic())
    await asyncio.sleep(2)
    print("gr2 ended work:", tic())


async def gr3():
    print("Let's do some stuff while the coroutines are blocked,", tic())
    await asyncio.sleep(1)
    print("Done!")


async def main():
    await asyncio.wait([asyncio.create_task(one()) for one in (gr1, gr2, gr3)])


asyncio.run(main())
