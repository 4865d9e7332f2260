"""How many times as long a program takes under cProfile: the same programs as in bench/programs."""
import cProfile
import json
import math
import sys
import time

from sample import count, what


def fib(n):
    return n if n < 2 else fib(n - 1) + fib(n - 2)


def run_fib(scale):
    fib(19 if scale < 1 else 25)


class Body:
    def __init__(self, x, y, z, vx, vy, vz, mass):
        self.x, self.y, self.z, self.vx, self.vy, self.vz, self.mass = x, y, z, vx, vy, vz, mass


def attract(a, b, dt):
    dx, dy, dz = a.x - b.x, a.y - b.y, a.z - b.z
    square = dx * dx + dy * dy + dz * dz
    pull = dt / (square * math.sqrt(square))
    a.vx -= dx * b.mass * pull
    a.vy -= dy * b.mass * pull
    a.vz -= dz * b.mass * pull
    b.vx += dx * a.mass * pull
    b.vy += dy * a.mass * pull
    b.vz += dz * a.mass * pull


def move(body, dt):
    body.x += dt * body.vx
    body.y += dt * body.vy
    body.z += dt * body.vz


def advance(system, dt):
    for i in range(len(system)):
        for j in range(i + 1, len(system)):
            attract(system[i], system[j], dt)
    for body in system:
        move(body, dt)


def run_n_body(scale):
    system = [
        Body(0, 0, 0, 0, 0, 0, 39.47),
        Body(4.84, -1.16, -0.1, 0.6, 2.81, -0.02, 0.037),
        Body(8.34, 4.12, -0.4, -1.01, 1.82, 0.008, 0.011),
        Body(12.89, -15.11, -0.22, 1.08, 0.86, -0.01, 0.0017),
        Body(15.37, -25.9, 0.17, 0.97, 0.59, -0.034, 0.002),
    ]
    for _ in range(round(12_000 * scale)):
        advance(system, 0.01)


WORDS = ["alpha", "beta", "gamma", "delta", "epsilon"]


def line(i):
    return f"{WORDS[i % 5]}-{i:x},{WORDS[i * 3 % 5]},{i % 17}"


def parse(text):
    name, group, number = text.split(",")
    return name.upper(), group, int(number)


def tally(sums, parsed):
    name, group, number = parsed
    sums[group] = sums.get(group, 0) + number + len(name)


def run_strings(scale):
    sums = {}
    for i in range(round(150_000 * scale)):
        tally(sums, parse(line(i)))


def timed(run):
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


work = {"fib": run_fib, "call": run_fib, "n-body": run_n_body, "strings": run_strings}[what()]
scale = count(1000) / 1000
work(scale / 20)
bare = min(timed(lambda: work(scale)) for _ in range(2))
recorded = min(timed(lambda: cProfile.Profile().runcall(work, scale)) for _ in range(2))
if what() == "call":
    calls = 13_529 if scale < 1 else 242_785
    print("@@sample " + json.dumps({"operations": calls, "seconds": recorded - bare, "cpuSeconds": recorded - bare}), flush=True)
    sys.exit()
print("@@sample " + json.dumps({"operations": 1, "seconds": recorded, "cpuSeconds": recorded, "times": recorded / bare}), flush=True)
