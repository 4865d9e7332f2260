import os
import signal
import threading
import time


def receive(number, frame):
    print(f"Received signal {number} in {threading.current_thread().name}", flush=True)


signal.signal(signal.SIGUSR1, receive)


def wait_for_signal():
    print("Waiting for signal in", threading.current_thread().name, flush=True)
    threading.Event().wait()
    print("Done waiting")


def send_signal():
    print("Sending signal in", threading.current_thread().name, flush=True)
    os.kill(os.getpid(), signal.SIGUSR1)


receiver = threading.Thread(target=wait_for_signal, name="receiver")
receiver.start()
time.sleep(0.1)
sender = threading.Thread(target=send_signal, name="sender")
sender.start()
sender.join()
time.sleep(0.1)
print("Waiting for", receiver.name, flush=True)
signal.alarm(2)
receiver.join()
