import cProfile
import time
import urllib.request

from page_server import pages

urls = pages(1)


def fetch_pages(hosts):
    for host in hosts:
        urllib.request.urlopen(host).read()
        print("Fetched :", host)


begin = time.monotonic()
profile = cProfile.Profile()
profile.runcall(fetch_pages, urls)
profile.print_stats("cumtime")
print(f"All pages took {time.monotonic() - begin:.1f} s")
