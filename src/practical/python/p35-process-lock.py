import multiprocessing


def printer(item, lock):
    with lock:
        print(item)


if __name__ == "__main__":
    lock = multiprocessing.Lock()
    for item in ("tango", "foxtrot", 10):
        multiprocessing.Process(target=printer, args=(item, lock)).start()
