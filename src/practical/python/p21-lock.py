import threading
import time


class Counter:
    def __init__(self):
        self.lock = threading.Lock()
        self.value = 0

    def increment(self):
        with self.lock:
            self.value += 1


def worker(counter):
    for _ in range(2):
        time.sleep(0.01)
        counter.increment()


counter = Counter()
threads = [threading.Thread(target=worker, args=(counter,)) for _ in range(2)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print("Counter:", counter.value)
