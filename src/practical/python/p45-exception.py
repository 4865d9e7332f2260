from concurrent.futures import ThreadPoolExecutor


def task(n):
    print(f"{n}: starting", flush=True)
    raise ValueError(f"the value {n} is no good")


print("main: starting")
with ThreadPoolExecutor(2) as pool:
    future = pool.submit(task, 5)
    error = future.exception()
    print("main: error:", repr(error))
    try:
        future.result()
    except ValueError as raised:
        print(f'main: saw error "{raised}" when accessing result, {"the same one" if raised is error else "another one"}')
