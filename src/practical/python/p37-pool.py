import multiprocessing


def doubler(number):
    return number * 2


if __name__ == "__main__":
    with multiprocessing.Pool(3) as pool:
        print(pool.map(doubler, [5, 10, 20]))
