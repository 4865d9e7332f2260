import logging
import sys
import threading


def worker_with(lock):
    with lock:
        logging.debug("Lock acquired via with")


def worker_no_with(lock):
    lock.acquire()
    try:
        logging.debug("Lock acquired directly")
    finally:
        lock.release()


logging.basicConfig(level=logging.DEBUG, format="(%(threadName)-10s) %(message)s", stream=sys.stdout)
lock = threading.Lock()
threading.Thread(target=worker_with, args=(lock,)).start()
threading.Thread(target=worker_no_with, args=(lock,)).start()
