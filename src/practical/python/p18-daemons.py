import threading
import time


def daemon():
    print("Starting daemon", flush=True)
    time.sleep(0.2)
    print("Exiting daemon", flush=True)


def non_daemon():
    print("Starting non-daemon", flush=True)
    print("Exiting non-daemon", flush=True)


d = threading.Thread(target=daemon, name="daemon", daemon=True)
t = threading.Thread(target=non_daemon, name="non-daemon")
d.start()
t.start()
