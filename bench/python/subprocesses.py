import asyncio
import subprocess
from concurrent.futures import ThreadPoolExecutor

from sample import Stopwatch, count, middle, what

kind, _, detail = what().partition(" ")
PIPE = subprocess.PIPE


async def many_awaited(times):
    async def worker():
        nonlocal left
        while left > 0:
            left -= 1
            child = await asyncio.create_subprocess_exec("/bin/echo", "hi", stdout=PIPE, stderr=PIPE)
            await child.communicate()

    left = times
    await asyncio.gather(*(worker() for _ in range(8)))


async def communicate_awaited(data):
    child = await asyncio.create_subprocess_exec("cat", stdin=PIPE, stdout=PIPE)
    await child.communicate(data)


async def lines_awaited(times):
    child = await asyncio.create_subprocess_exec("seq", str(times), stdout=PIPE)
    seen = 0
    async for line in child.stdout:
        seen += len(line) > 0


if kind == "many":
    times = count(1000)
    watch = Stopwatch()
    if detail == "asyncio":
        asyncio.run(many_awaited(times))
    else:
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda _: subprocess.run(["/bin/echo", "hi"], capture_output=True), range(times)))
    watch.stop(times)
elif kind == "latency":
    memory = [bytearray(b"\1" * (64 << 20)) for _ in range((int(detail) + 63) // 64)]
    children = []
    middle(lambda: children.append(subprocess.Popen(["/bin/true"])), count(40))
    for child in children:
        child.wait()
elif kind == "stages":
    watch = Stopwatch()
    head = subprocess.Popen(["head", "-c", str(count(1_000_000_000)), "/dev/zero"], stdout=PIPE)
    cat = subprocess.Popen(["cat"], stdin=head.stdout, stdout=PIPE)
    wc = subprocess.Popen(["wc", "-c"], stdin=cat.stdout, stdout=PIPE)
    head.stdout.close()
    cat.stdout.close()
    wc.communicate()
    head.wait()
    cat.wait()
    watch.stop(1)
elif kind == "communicate" and detail == "asyncio":
    data = b"x" * count(500_000_000)
    watch = Stopwatch()
    asyncio.run(communicate_awaited(data))
    watch.stop(1)
elif kind == "lines" and detail == "asyncio":
    times = count(2_000_000)
    watch = Stopwatch()
    asyncio.run(lines_awaited(times))
    watch.stop(times)
elif kind == "communicate":
    data = b"x" * count(500_000_000)
    watch = Stopwatch()
    subprocess.Popen(["cat"], stdin=PIPE, stdout=PIPE).communicate(data)
    watch.stop(1)
elif kind == "lines":
    times = count(2_000_000)
    watch = Stopwatch()
    seen = 0
    for line in subprocess.Popen(["seq", str(times)], stdout=PIPE, text=True).stdout:
        seen += len(line) > 0
    watch.stop(times)
