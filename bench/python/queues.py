import queue
import threading

from sample import Stopwatch, count, what

kind, _, item = what().partition(" ")
lines = [{"sku": f"article-{i}", "count": i, "price": 9.5 + i, "tags": ["new", "sale"]} for i in range(6)]
text = "Somebody has to describe it in a sentence or two, as people do in such objects. " * 5
block = bytearray(2**20)
make = {
    "ints": lambda i: i,
    "texts": lambda i: f"item {i & 1023}",
    "small": lambda i: {"id": i, "name": "item", "done": False},
    "large": lambda i: {
        "id": i,
        "customer": {"name": "Ada Lovelace", "city": "London", "vip": True},
        "lines": lines,
        "text": text,
        "total": 81.25,
        "note": None,
    },
    "buffers": lambda i: bytearray(block),
}[item]
times = count({"ints": 1_000_000, "texts": 500_000, "small": 500_000, "large": 200_000, "buffers": 1000}[item])
items = queue.Queue() if kind == "queue" else queue.SimpleQueue()
begun = threading.Event()


def put():
    begun.wait()
    for i in range(times):
        items.put(make(i))


thread = threading.Thread(target=put)
thread.start()
watch = Stopwatch()
begun.set()
for _ in range(times):
    items.get()
watch.stop(times)
thread.join()
