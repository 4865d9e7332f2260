import multiprocessing
import os


def doubler(number):
    print(f"{number} doubled to {number * 2} by process id: {os.getpid()}")


if __name__ == "__main__":
    processes = [multiprocessing.Process(target=doubler, args=(number,)) for number in (5, 10, 15, 20, 25)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
