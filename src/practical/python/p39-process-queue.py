import multiprocessing

SENTINEL = -1


def creator(data, queue):
    print("Creating data and putting it on the queue", flush=True)
    for item in data:
        queue.put(item)


def consumer(queue):
    while True:
        data = queue.get()
        print("data found to be processed:", data, flush=True)
        print(data * 2, flush=True)
        if data == SENTINEL:
            return


if __name__ == "__main__":
    queue = multiprocessing.Queue()
    processes = [
        multiprocessing.Process(target=creator, args=([5, 10, 13, SENTINEL], queue)),
        multiprocessing.Process(target=consumer, args=(queue,)),
    ]
    for process in processes:
        process.start()
    queue.close()
    queue.join_thread()
    for process in processes:
        process.join()
