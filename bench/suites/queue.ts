import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { type MultithreadingModule, type Receiver, type Sender } from '../harness/peer-types.ts';
import { loadPeer } from '../harness/peers.ts';
import { rawWorker } from '../harness/raw-worker.ts';
import { stopwatch } from '../harness/stopwatch.ts';
import type { Contender, Line, Measured, Run, Suite } from '../harness/suite.ts';
import { Queue } from 'manycore/queue';
import { Barrier, Thread } from 'manycore/threading';

/*
 * One thread puts, another one gets. Both are warm, and begin at once.
 */

/** What goes through. A function of its own text, for bare workers get it as text. */
type Make = () => (i: number) => unknown;

const ints: Make = () => (i) => i;
const texts: Make = () => (i) => `item ${i & 1023}`;
const small: Make = () => (i) => ({ id: i, name: 'item', done: false });
/** About 1 KB as JSON. */
const large: Make = () => {
  const lines = Array.from({ length: 6 }, (_, i) => ({ sku: `article-${i}`, count: i, price: 9.5 + i, tags: ['new', 'sale'] }));
  const text = 'Somebody has to describe it in a sentence or two, as people do in such objects. '.repeat(5);
  return (i) => ({ id: i, customer: { name: 'Ada Lovelace', city: 'London', vip: true }, lines, text, total: 81.25, note: null });
};
const buffers: Make = () => {
  const bytes = new Uint8Array(2 ** 20).fill(7);
  return () => bytes;
};

type Way = 'one' | 'many' | 'await';
const BATCH = 1000;

function through(make: Make, way: Way, times: number): Measured | Promise<Measured> {
  const queue = new Queue();
  const gate = new Barrier(2);
  const warm = Math.ceil(times / 5);
  const put = (count: number): void => {
    const item = make();
    if (way === 'many') for (let i = 0; i < count; i += BATCH) queue.putManySync(Array.from({ length: BATCH }, (_, k) => item(i + k)));
    else for (let i = 0; i < count; i++) queue.putSync(item(i));
  };
  const thread = new Thread({
    target: () => {
      put(warm);
      gate.waitSync();
      put(times);
    },
  });
  const get = (count: number): void => {
    if (way === 'many') for (let got = 0; got < Math.ceil(count / BATCH) * BATCH;) got += queue.getManySync(BATCH).length;
    else for (let i = 0; i < count; i++) queue.getSync();
  };
  const getAwaited = async (count: number): Promise<void> => {
    for (let i = 0; i < count; i++) await queue.get();
  };
  thread.start();
  const measure = (): (() => Measured) => {
    gate.waitSync();
    const stop = stopwatch();
    return () => {
      const measured = stop(times);
      thread.joinSync();
      return measured;
    };
  };
  if (way !== 'await') {
    get(warm);
    const finish = measure();
    get(times);
    return finish();
  }
  return getAwaited(warm).then(async () => {
    const finish = measure();
    await getAwaited(times);
    return finish();
  });
}

/** A bare worker posts, and this thread listens. */
async function byPort(make: Make, times: number): Promise<Measured> {
  const { port1, port2 } = new MessageChannel();
  const warm = Math.ceil(times / 5);
  const worker = rawWorker(
    ({ make, warm, times }) => {
      const { parentPort } = process.getBuiltinModule('node:worker_threads');
      // oxlint-disable-next-line typescript/no-implied-eval
      const item = (new Function(`return (${make})()`) as Make)();
      let port: MessagePort;
      parentPort!.on('message', (value: MessagePort | string) => {
        if (typeof value !== 'string') port = value;
        const count = typeof value === 'string' ? times : warm;
        for (let i = 0; i < count; i++) port.postMessage(item(i));
      });
    },
    { make: make.toString(), warm, times },
  );
  const received = (count: number): Promise<void> =>
    new Promise((resolve) => {
      let got = 0;
      port1.on('message', function count1() {
        if (++got < count) return;
        port1.off('message', count1);
        resolve();
      });
    });
  worker.postMessage(port2, [port2]);
  await received(warm);
  const stop = stopwatch();
  worker.postMessage('go');
  await received(times);
  const measured = stop(times);
  await worker.terminate();
  return measured;
}

async function byMultithreading(make: Make, times: number): Promise<Measured> {
  const { channel, spawn, move } = await loadPeer<MultithreadingModule>('multithreading');
  const [sender, receiver] = channel<unknown>();
  const warm = Math.ceil(times / 5);
  const put = (sender: Sender<unknown>, text: string, count: number): void => {
    // oxlint-disable-next-line typescript/no-implied-eval
    const item = (new Function(`return (${text})()`) as Make)();
    for (let i = 0; i < count; i++) sender.blockingSend(item(i));
  };
  const get = (receiver: Receiver<unknown>, count: number): void => {
    for (let i = 0; i < count; i++) receiver.blockingRecv();
  };
  const task = spawn(move(sender, make.toString(), warm + times), put);
  // Its worker begins only when this thread has gone back to its loop.
  await new Promise((resolve) => setTimeout(resolve, 300));
  get(receiver, warm);
  const stop = stopwatch();
  get(receiver, times);
  const measured = stop(times);
  await task.join();
  return measured;
}

const ours = (name: string, make: Make, way: Way, times: number): Contender => ({
  name,
  run: ({ count }: Run) => through(make, way, count(times)),
});
const port = (make: Make, times: number): Contender => ({ name: 'MessagePort', run: ({ count }) => byPort(make, count(times)) });
const peer = (make: Make, times: number): Contender => ({
  name: 'multithreading channel',
  peer: 'multithreading',
  run: ({ count }) => byMultithreading(make, count(times)),
});
const python = (what: string): Contender[] => [
  { name: 'CPython queue.Queue', python: 'queues.py', what: `queue ${what}` },
  { name: 'CPython queue.SimpleQueue', python: 'queues.py', what: `simple ${what}` },
];
const java: Contender = { name: 'Java LinkedBlockingQueue', java: 'Queues.java', what: 'ints' };

const lines: Line[] = [
  {
    name: 'ints',
    unit: 'M/s',
    aim: { value: 4 },
    contenders: [ours('manycore Queue', ints, 'one', 3e6), port(ints, 500_000), peer(ints, 20_000), ...python('ints'), java],
  },
  {
    name: 'ints, a thousand at once',
    unit: 'M/s',
    aim: { times: 1, of: 'CPython queue.SimpleQueue' },
    contenders: [ours('manycore Queue.putMany, getMany', ints, 'many', 10e6), ...python('ints')],
  },
  {
    name: 'ints, awaited by the consumer',
    unit: 'M/s',
    contenders: [ours('manycore await Queue.get', ints, 'await', 1e6), port(ints, 500_000)],
  },
  {
    name: 'short texts',
    unit: 'M/s',
    contenders: [ours('manycore Queue', texts, 'one', 1e6), port(texts, 500_000), peer(texts, 20_000), ...python('texts')],
  },
  {
    name: 'small objects',
    unit: 'M/s',
    aim: { value: 1.5 },
    contenders: [ours('manycore Queue', small, 'one', 1e6), port(small, 300_000), peer(small, 10_000), ...python('small')],
  },
  {
    name: 'objects of 1 KB',
    unit: 'k/s',
    contenders: [ours('manycore Queue', large, 'one', 100_000), port(large, 50_000), peer(large, 2000), ...python('large')],
  },
  {
    name: 'buffers of 1 MB, copied',
    unit: 'k/s',
    contenders: [ours('manycore Queue', buffers, 'one', 1000), port(buffers, 1000), ...python('buffers')],
  },
];

const suite: Suite = {
  name: 'queue',
  about:
    'One thread puts, another one gets, as fast as they can; the queue has no limit. CPython and Java hand over a pointer, where ours and the ports copy the item into the memory of another thread.',
  lines,
};
export default suite;
