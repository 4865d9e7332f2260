import multiprocessing


def doubler(number):
    print(f"{number} doubled to {number * 2} by: {multiprocessing.current_process().name}")


if __name__ == "__main__":
    processes = [multiprocessing.Process(target=doubler, args=(number,)) for number in (5, 10, 15, 20, 25)]
    processes.append(multiprocessing.Process(target=doubler, name="Test", args=(2,)))
    for process in processes:
        process.start()
    for process in processes:
        process.join()
