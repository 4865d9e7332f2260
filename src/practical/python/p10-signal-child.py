import os
import signal
import subprocess
import sys
import time

name = f"CHILD {os.getpid():6}"
received = False


def handler(number, frame):
    global received
    received = True
    print(f"{name}: Received USR1", flush=True)


print(f"{name}: Setting up signal handler", flush=True)
signal.signal(signal.SIGUSR1, handler)
print(f"{name}: Pausing to wait for signal", flush=True)
if "--wait" not in sys.argv:
    subprocess.Popen(f"sleep 1; kill -USR1 {os.getpid()}", shell=True)
end = time.monotonic() + 3
while not received and time.monotonic() < end:
    time.sleep(0.01)
if not received:
    print(f"{name}: Never received signal")
