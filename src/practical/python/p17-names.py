import threading


def worker():
    print(threading.current_thread().name)


for number in range(5):
    threading.Thread(target=worker, name=f"name-{number}").start()
threading.Thread(target=worker).start()
