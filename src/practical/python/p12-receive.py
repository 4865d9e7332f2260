import os
import signal
import subprocess
import sys
import time


def receive_signal(number, frame):
    print("Received:", number, flush=True)


signal.signal(signal.SIGUSR1, receive_signal)
signal.signal(signal.SIGUSR2, receive_signal)
signal.signal(signal.SIGINT, signal.SIG_DFL)
print("My PID is:", os.getpid(), flush=True)
if "--wait" not in sys.argv:
    subprocess.Popen(f"for name in USR1 USR2 INT; do sleep 0.7; kill -$name {os.getpid()}; done", shell=True)
while True:
    print("Waiting...", flush=True)
    time.sleep(3)
