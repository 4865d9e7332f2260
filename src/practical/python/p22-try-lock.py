import logging
import sys
import threading
import time


def holder(lock):
    logging.debug("Starting")
    while True:
        with lock:
            logging.debug("Holding")
            time.sleep(0.5)
        logging.debug("Not holding")
        time.sleep(0.5)


def worker(lock):
    logging.debug("Starting")
    tries = acquired = 0
    while acquired < 3:
        time.sleep(0.5)
        logging.debug("Trying to acquire")
        tries += 1
        if lock.acquire(False):
            logging.debug("Iteration %d: Acquired", tries)
            acquired += 1
            lock.release()
        else:
            logging.debug("Iteration %d: Not acquired", tries)
    logging.debug("Done after %d iterations", tries)


logging.basicConfig(level=logging.DEBUG, format="(%(threadName)-10s) %(message)s", stream=sys.stdout)
lock = threading.Lock()
threading.Thread(target=holder, args=(lock,), name="LockHolder", daemon=True).start()
threading.Thread(target=worker, args=(lock,), name="Worker").start()
