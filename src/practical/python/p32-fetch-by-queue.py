import cProfile
import queue
import threading
import time
import urllib.request

from page_server import pages

urls = pages(1)


class ThreadUrl(threading.Thread):
    def __init__(self, hosts):
        super().__init__(daemon=True)
        self.hosts = hosts

    def run(self):
        while True:
            host = self.hosts.get()
            urllib.request.urlopen(host).read()
            print("Fetched:", host, flush=True)
            self.hosts.task_done()


def fetch_pages(hosts):
    waiting = queue.Queue()
    for _ in hosts:
        ThreadUrl(waiting).start()
    for host in hosts:
        waiting.put(host)
    waiting.join()


begin = time.monotonic()
profile = cProfile.Profile()
profile.runcall(fetch_pages, urls)
profile.print_stats("cumtime")
print(f"All pages took {time.monotonic() - begin:.1f} s")
