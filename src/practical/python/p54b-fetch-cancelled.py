import asyncio
import urllib.request

from page_server import pages


async def content_of(url):
    """Without a package of others: a thread that waits."""
    return (await asyncio.to_thread(lambda: urllib.request.urlopen(url).read())).decode().strip()


async def main():
    one, two, three = pages(0.5)
    kept = asyncio.create_task(content_of(one))
    cancelled = asyncio.create_task(content_of(two), name="second page")
    late = asyncio.create_task(asyncio.wait_for(content_of(three), 0.1))
    await asyncio.sleep(0.05)
    cancelled.cancel("it is not wanted any more")
    try:
        await cancelled
    except asyncio.CancelledError as error:
        print("cancelled:", error)
    try:
        await late
    except asyncio.TimeoutError:
        print("the third page took too long")
    print("fetched:", await kept)


asyncio.run(main())
