import asyncio
import urllib.request

from page_server import pages


async def content_of(url):
    """Without a package of others: a thread that waits."""
    return (await asyncio.to_thread(lambda: urllib.request.urlopen(url).read())).decode().strip()


async def fetch_page(url):
    print(f"URL: {url}:  Content: {await content_of(url)}")


async def main():
    tasks = [asyncio.create_task(asyncio.wait_for(fetch_page(url), 10)) for url in pages(0.2)]
    await asyncio.wait(tasks)
    for task in tasks:
        print(task)


asyncio.run(main())
