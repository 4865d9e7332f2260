import logging
import sys
import threading
import time


def wait_for_event(event):
    logging.debug("wait_for_event starting")
    logging.debug("event set: %s", event.wait())


def wait_for_event_timeout(event, timeout):
    while not event.is_set():
        logging.debug("wait_for_event_timeout starting")
        is_set = event.wait(timeout)
        logging.debug("event set: %s", is_set)
        logging.debug("processing event" if is_set else "doing other work")


logging.basicConfig(level=logging.DEBUG, format="(%(threadName)-10s) %(message)s", stream=sys.stdout)
event = threading.Event()
threading.Thread(name="block", target=wait_for_event, args=(event,)).start()
threading.Thread(name="nonblock", target=wait_for_event_timeout, args=(event, 2)).start()
logging.debug("Waiting before calling Event.set()")
time.sleep(0.3)
event.set()
logging.debug("Event is set")
