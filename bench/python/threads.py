import threading

from sample import Stopwatch, count, middle, what

AT_ONCE = 16


def nothing():
    pass


def start_and_join():
    thread = threading.Thread(target=nothing)
    thread.start()
    thread.join()


def together():
    threads = [threading.Thread(target=nothing) for _ in range(AT_ONCE)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


if what() == "cold":
    watch = Stopwatch()
    start_and_join()
    watch.stop(1)
elif what() == "warm":
    middle(start_and_join, count(2000))
else:
    together()
    rounds = count(50)
    watch = Stopwatch()
    for _ in range(rounds):
        together()
    watch.stop(AT_ONCE * rounds)
