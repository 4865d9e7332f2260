import logging
import random
import sys
import threading


def show_value(data):
    try:
        logging.debug("value=%s", data.value)
    except AttributeError:
        logging.debug("No value yet")


def worker(data):
    show_value(data)
    data.value = random.randint(1, 100)
    show_value(data)


logging.basicConfig(level=logging.DEBUG, format="(%(threadName)-10s) %(message)s", stream=sys.stdout)
data = threading.local()
show_value(data)
data.value = 1000
show_value(data)
for _ in range(2):
    threading.Thread(target=worker, args=(data,)).start()
