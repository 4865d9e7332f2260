import logging
import sys
import threading


def worker_with(lock):
    with lock:
        logging.debug("Lock acquired via with")


logging.basicConfig(level=logging.DEBUG, format="(%(threadName)-10s) %(message)s", stream=sys.stdout)
threading.Thread(target=worker_with, args=(threading.Lock(),)).start()
