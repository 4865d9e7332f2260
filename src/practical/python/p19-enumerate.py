import random
import threading
import time


def worker():
    pause = random.randint(1, 5) / 10
    print(f"sleeping {pause:.2f}", flush=True)
    time.sleep(pause)
    print("ending", flush=True)


for _ in range(3):
    threading.Thread(target=worker, daemon=True).start()
for thread in threading.enumerate():
    if thread is threading.main_thread():
        continue
    print("joining", thread.name, flush=True)
    thread.join()
