import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor, as_completed

from page_server import pages

urls = pages(1)


def fetch_page(url):
    urllib.request.urlopen(url).read()
    return url


begin = time.monotonic()
with ThreadPoolExecutor(len(urls)) as pool:
    for future in as_completed([pool.submit(fetch_page, url) for url in urls]):
        print("Fetched:", future.result())
print(f"All pages took {time.monotonic() - begin:.1f} s")
