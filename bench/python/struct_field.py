import ctypes
import multiprocessing

from sample import Stopwatch, count, what

value = multiprocessing.Value(ctypes.c_int32, 3, lock=False)
text = multiprocessing.Array(ctypes.c_char, 32, lock=False)
text.value = b"manycores!"


def read(times):
    for _ in range(times):
        value.value


def write(times):
    for i in range(times):
        value.value = i


def read_text(times):
    for _ in range(times):
        text.value.decode()


turn = {"read": read, "write": write, "text": read_text}[what()]
turn(100_000)
times = count(3_000_000)
watch = Stopwatch()
turn(times)
watch.stop(times)
