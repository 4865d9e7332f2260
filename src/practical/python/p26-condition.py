import logging
import sys
import threading


def consumer(condition, ready):
    logging.debug("Starting consumer thread")
    with condition:
        ready.release()
        condition.wait()
        logging.debug("Resource is available to consumer")


def producer(condition):
    logging.debug("Starting producer thread")
    with condition:
        logging.debug("Making resource available")
        condition.notify_all()


logging.basicConfig(level=logging.DEBUG, format="(%(threadName)-2s) %(message)s", stream=sys.stdout)
condition = threading.Condition()
ready = threading.Semaphore(0)
for name in ("c1", "c2"):
    threading.Thread(name=name, target=consumer, args=(condition, ready)).start()
    ready.acquire()
threading.Thread(name="p", target=producer, args=(condition,)).start()
