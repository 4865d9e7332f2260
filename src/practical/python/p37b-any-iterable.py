import multiprocessing


def doubler(number):
    return number * 2


if __name__ == "__main__":
    with multiprocessing.Pool(3) as pool:
        print("as a set:", pool.map(doubler, dict.fromkeys((5, 10, 20))))
        print("as they come:", pool.map(doubler, (n for n in (5, 10, 20))))
