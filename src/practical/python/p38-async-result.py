import multiprocessing
import time


def doubler(number, seconds):
    time.sleep(seconds)
    return number * 2


if __name__ == "__main__":
    with multiprocessing.Pool(3) as pool:
        print(pool.apply_async(doubler, (25, 0)).get(timeout=1))
        late = pool.apply_async(doubler, (25, 1.5))
        try:
            late.get(timeout=1)
        except multiprocessing.TimeoutError as error:
            print(type(error).__name__)
        print("late:", late.get())
