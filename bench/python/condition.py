import queue
import threading

from sample import Stopwatch, count, what

times = count(30_000)
warm = max(1, times // 10)


def by_condition():
    condition = threading.Condition(threading.Lock())
    turn = 0

    def play(me, rounds):
        nonlocal turn
        with condition:
            for _ in range(rounds):
                while turn != me:
                    condition.wait()
                turn = 1 - me
                condition.notify()

    thread = threading.Thread(target=play, args=(1, warm + times))
    thread.start()
    play(0, warm)
    watch = Stopwatch()
    play(0, times)
    watch.stop(times)
    thread.join()


def by_queue(make):
    there, back = make(), make()

    def answer():
        for _ in range(warm + times):
            back.put(there.get())

    def play(rounds):
        for i in range(rounds):
            there.put(i)
            back.get()

    thread = threading.Thread(target=answer)
    thread.start()
    play(warm)
    watch = Stopwatch()
    play(times)
    watch.stop(times)
    thread.join()


{
    "condition": by_condition,
    "queue": lambda: by_queue(queue.Queue),
    "simple": lambda: by_queue(queue.SimpleQueue),
}[what()]()
