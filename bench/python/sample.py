"""One sample of CPython: the script's first argument says what, the second how much. Prints it as the harness reads it."""
import json
import sys
import time


def what():
    return sys.argv[1]


def count(full):
    return max(1, round(full * float(sys.argv[2])))


class Stopwatch:
    """Runs from its making on."""

    def __init__(self):
        self.cpu = time.process_time()
        self.start = time.perf_counter()

    def stop(self, operations):
        seconds = time.perf_counter() - self.start
        report({"operations": operations, "seconds": seconds, "cpuSeconds": time.process_time() - self.cpu})


def report(measured):
    print("@@sample " + json.dumps(measured), flush=True)


def middle(turn, times):
    """The median time of one turn; the CPU time is that of an average one."""
    for _ in range(max(1, times // 10)):
        turn()
    durations = []
    cpu = time.process_time()
    for _ in range(times):
        start = time.perf_counter()
        turn()
        durations.append(time.perf_counter() - start)
    durations.sort()
    report({"operations": 1, "seconds": durations[len(durations) // 2], "cpuSeconds": (time.process_time() - cpu) / times})
