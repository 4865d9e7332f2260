import threading

lock = threading.RLock()
print("First try :", lock.acquire())
print("Second try:", lock.acquire(False))
