import asyncio
import urllib.request

from page_server import pages


async def content_of(url):
    """Without a package of others: a thread that waits."""
    return (await asyncio.to_thread(lambda: urllib.request.urlopen(url).read())).decode().strip()


async def fetch(url, pause=False):
    if pause:
        try:
            await asyncio.sleep(2)
        finally:
            print("the pause is over")
    print("fetched:", await content_of(url))


async def main():
    one, two, three = pages(0.2)
    paused = asyncio.create_task(fetch(two, True))
    await fetch(one)
    paused.cancel("there is no time for pauses")
    try:
        await paused
    except asyncio.CancelledError as error:
        print("cancelled:", error)
    try:
        await asyncio.wait_for(fetch(three, True), 0.3)
    except asyncio.TimeoutError:
        print("the pause took too long")


asyncio.run(main())
