import cProfile


def profiled(function):
    def wrapper(*args):
        profile = cProfile.Profile()
        try:
            return profile.runcall(function, *args)
        finally:
            profile.print_stats()
    return wrapper


def fibonacci(n):
    return n if n < 2 else fibonacci(n - 1) + fibonacci(n - 2)


@profiled
def compute(n):
    return fibonacci(n)


@profiled
def fail():
    raise ValueError("as it must")


print("result:", compute(30))
try:
    fail()
except ValueError as error:
    print("raised:", repr(error))
