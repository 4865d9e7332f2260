import signal
import threading
import time

begin = time.monotonic()


def tell(what):
    print(f"{time.monotonic() - begin:.1f} s {what}", flush=True)


signal.signal(signal.SIGALRM, lambda number, frame: tell(f"Alarm in {threading.current_thread().name}"))


def use_alarm():
    name = threading.current_thread().name
    tell(f"Setting alarm in {name}")
    signal.alarm(1)
    tell(f"Sleeping in {name}")
    time.sleep(3)
    tell(f"Done with sleep in {name}")


alarm_thread = threading.Thread(target=use_alarm, name="alarm_thread")
alarm_thread.start()
time.sleep(0.1)
tell(f"Waiting for {alarm_thread.name}")
alarm_thread.join()
tell("Exiting normally")
