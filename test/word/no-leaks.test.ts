import assert from 'node:assert/strict';
import * as logging from '../../src/logging/index.ts';
import * as processes from '../../src/multiprocessing/index.ts';
import { LifoQueue, PriorityQueue, Queue, SimpleQueue } from '../../src/queue/index.ts';
import {
  Barrier,
  BoundedSemaphore,
  Condition,
  Event,
  float64,
  fromMessage,
  int32,
  Local,
  Lock,
  Once,
  RLock,
  RWLock,
  Semaphore,
  SharedArray,
  SharedStruct,
  SharedValue,
  Thread,
  toMessage,
} from '../../src/threading/index.ts';
import { type Heap, sharedHeap } from '../../src/word/heap.ts';
import { processHeap } from '../../src/word/process-heap.ts';
import { collectGarbage } from '../support/garbage.ts';
import { test } from '../support/test.ts';

const TEXT = 'a text that is too long to stand in an item itself';
const Point = SharedStruct({ x: int32, lock: Lock, ready: Event });

/** Makes a thing, uses it, and lets go of it. */
const THINGS: Readonly<Record<string, (n: number) => unknown>> = {
  Lock: (n) => new Lock({ name: `lock ${n}` }).acquireSync()!.release(),
  RLock: (n) => new RLock({ name: `lock ${n}` }).acquireSync()!.release(),
  RWLock: () => new RWLock().acquireReadSync()!.release(),
  Semaphore: () => new Semaphore(2).acquireSync()!.release(),
  BoundedSemaphore: () => new BoundedSemaphore(2).acquireSync()!.release(),
  Event: () => new Event().set(),
  Barrier: () => new Barrier(1).waitSync(),
  Once: () => new Once().callSync(() => 1),
  Local: () => (new Local()['x'] = 1),
  Condition(n) {
    const condition = new Condition(n % 2 === 0 ? undefined : new Lock());
    using _ = condition.acquireSync()!;
    condition.notifyAll();
  },
  SharedValue: () => new SharedValue(int32, 1).value++,
  SharedArray: () => new SharedArray(float64, 100),
  SharedStruct: () => new Point({ x: 1 }).lock.acquireSync()!.release(),
  'a queue that has grown, with all in it': () => new Queue().putManySync(Array.from({ length: 40 }, () => TEXT)),
  'a queue with a lock in it': () => new LifoQueue().putSync(new Lock()),
  'a queue with a queue in it, which has a text in it'() {
    const inner = new SimpleQueue();
    inner.putSync(TEXT);
    new Queue().putSync({ inner });
  },
  'a sorted queue'() {
    const queue = new PriorityQueue();
    for (let i = 5; i > 0; i--) queue.putSync([i, TEXT]);
    queue.getSync();
  },
  'a queue that was emptied': () => {
    const queue = new Queue();
    queue.putSync(TEXT);
    queue.getSync();
  },
  'a message': () => fromMessage(toMessage({ text: TEXT, lock: new Lock() })),
  'a thread that was never started': (n) => {
    const thread = new Thread({ target: () => {}, name: `thread ${n}` });
    thread.name = `another name of thread ${n}`;
  },
  'the configuration of logging': (n) => logging.getLogger('some').setLevel(n % 2 === 0 ? 'INFO' : 'DEBUG'),
  'a queue of processes': () => new processes.Queue().putSync({ text: TEXT }),
  'a pipe of processes': () => processes.Pipe().forEach((end) => end.close()),
  'a lock of processes': (n) => new processes.Lock({ name: `lock ${n}` }).acquireSync()!.release(),
  'a semaphore of processes': () => new processes.Semaphore(1).acquireSync()!.release(),
};

async function collected(): Promise<void> {
  collectGarbage();
  // What is told about the garbage is told in turns of the event loop.
  for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
}

for (const [name, make] of Object.entries(THINGS)) {
  test(`ten thousand times made and dropped, this leaves nothing in shared memory: ${name}`, async () => {
    const heaps: Heap[] = name.endsWith('of processes') ? [sharedHeap(), processHeap()] : [sharedHeap()];
    const run = async (count: number): Promise<void> => {
      for (let i = 0; i < count; i++) {
        make(i);
        if (i % 1000 === 999) await collected();
      }
    };
    // At first, garbage lies about, and the lists of free blocks fill.
    await run(3000);
    const before = heaps.map(({ top }) => top);
    await run(10_000);
    heaps.forEach(({ top }, i) => assert.ok(top - before[i]! < 160_000, `it grew by ${top - before[i]!} bytes`));
  });
}
