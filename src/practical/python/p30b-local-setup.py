import logging
import random
import sys
import threading


class MyLocal(threading.local):
    def __init__(self, value):
        super().__init__()
        logging.debug("Initializing")
        self.value = value


def worker(data):
    logging.debug("value=%s", data.value)
    data.value = random.randint(1, 100)
    logging.debug("value=%s", data.value)


logging.basicConfig(level=logging.DEBUG, format="(%(threadName)-10s) %(message)s", stream=sys.stdout)
data = MyLocal(1000)
logging.debug("value=%s", data.value)
for _ in range(2):
    threading.Thread(target=worker, args=(data,)).start()
