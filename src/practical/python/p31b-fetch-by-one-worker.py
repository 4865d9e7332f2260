import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor

from page_server import pages

urls = pages(0.3)


def fetch_page(url):
    return len(urllib.request.urlopen(url).read())


begin = time.monotonic()
with ThreadPoolExecutor(1) as pool:
    for url, length in zip(urls, pool.map(fetch_page, urls)):
        print(f"Fetched : {url} ({length} characters)")
print(f"All pages took {time.monotonic() - begin:.1f} s")
