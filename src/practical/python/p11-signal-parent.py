import os
import signal
import subprocess
import sys
import time

child = os.path.join(os.path.dirname(__file__), "p10-signal-child.py")
proc = subprocess.Popen([sys.executable, child, "--wait"])
print("PARENT      : Pausing before sending signal...", flush=True)
time.sleep(1)
print("PARENT      : Signaling child", flush=True)
os.kill(proc.pid, signal.SIGUSR1)
proc.wait()
