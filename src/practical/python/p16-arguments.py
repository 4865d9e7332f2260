import threading


def worker(number):
    print("Worker:", number)


for number in range(5):
    threading.Thread(target=worker, args=(number,)).start()
