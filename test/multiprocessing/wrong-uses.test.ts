import assert from 'node:assert/strict';
import { dismissSpares } from '../../src/host/process/spares.ts';
import {
  Array as SharedArray,
  BaseManager,
  Client,
  ClientSync,
  connectionWait,
  connectionWaitSync,
  Condition,
  Event,
  int32,
  Listener,
  Lock,
  Manager,
  Pipe,
  Pool,
  Process,
  Queue,
  Semaphore,
  Value,
} from '../../src/multiprocessing/index.ts';
import { leavesNothing } from '../support/leaves-nothing.ts';
import { after, test } from '../support/test.ts';

leavesNothing();
after(dismissSpares);

/** What is written in Python's way, or wrongly: each is told how it is written here. */
type Uses = Readonly<Record<string, readonly [use: () => unknown, told: RegExp]>>;

async function areTold(uses: Uses): Promise<void> {
  for (const [name, [use, told]] of Object.entries(uses)) {
    await assert.rejects(async () => await use(), { name: 'TypeError', message: told }, name);
  }
}

const as = (value: unknown): never => value as never;

test('options by the names of Python, and by place, are refused with ours: they would be left unread', async () => {
  await areTold({
    kwargs: [
      () => new Process(as({ target: () => {}, kwargs: { a: 1 } })),
      /a Process does not know kwargs: here it is called args, with an object/,
    ],
    'args that are no list': [() => new Process(as({ target: () => {}, args: 5 })), /args must be a list: got 5/],
    initargs: [() => new Pool(as({ processes: 1, initargs: [1] })), /a Pool does not know initargs: here it is called initArgs/],
    maxtasksperchild: [() => new Pool(as({ maxtasksperchild: 1 })), /here it is called maxTasksPerChild/],
    'an initializer by place': [
      () => new (Pool as unknown as new (...args: unknown[]) => Pool)(1, () => {}),
      /a Pool takes all .* in one object/,
    ],
    'a text for a number': [() => new Pool(as('3')), /a Pool takes an object of options, such as \{ processes: 4 \}: got a string/],
    maxsize: [() => new Queue(as({ maxsize: 5 })), /a queue does not know maxsize: here it is called maxSize/],
    authkey: [() => new Listener(['127.0.0.1', 0], as({ authkey: 'x' })), /a Listener does not know authkey: here it is called authKey/],
    'authkey of a manager': [() => new BaseManager(as({ authkey: 'x' })), /a manager does not know authkey/],
    'a duplex by place': [() => Pipe(as(false)), /a Pipe takes an object of options, such as \{ duplex: false \}: got a boolean/],
    'a type without a name': [() => BaseManager.register(as(undefined)), /a type of a manager has a name: got undefined/],
    'a type that makes nothing': [
      () => BaseManager.register('Thing', as(5) as never as undefined),
      /is a class, or a function that makes an object: got 5/,
    ],
  });
});

test('tasks of a pool in ways that other pools take them are told how they are written here', async () => {
  await using pool = new Pool(1);
  const double = (n: number): number => n * 2;
  await areTold({
    chunksize: [() => pool.map(double, [1], as({ chunksize: 2 })), /a map does not know chunksize: here it is called chunkSize/],
    'a size by place': [() => pool.map(double, [1], as(2)), /a map takes an object of options, such as \{ chunkSize: 100 \}: got a number/],
    'a size of imap by place': [() => pool.imap(double, [1], as(2)), /a map takes an object of options/],
    'arguments that are not in a list': [
      () => pool.apply(double, as(1)),
      /the arguments of a task go in a list, as in apply\(fn, \[1, 2\]\): got 1/,
    ],
    error_callback: [() => pool.applyAsync(double, [1], as({ error_callback: () => {} })), /here it is called errorCallback/],
    'a bare time-out': [
      () => pool.applyAsync(double, [1]).get(as(5)),
      /a wait takes an object of options, such as \{ timeout: 300 \}, in milliseconds: got 5/,
    ],
    'a bare time-out of imap': [() => pool.imap(double, [1]).next(as(5)), /a wait takes an object of options/],
  });
  pool.close();
  await areTold({ 'a bare time-out of join': [() => pool.join(as(5)), /a wait takes an object of options/] });
});

test('a bare time-out, a signal and a false are refused wherever something waits: it would wait for ever', async () => {
  const lock = new Lock();
  lock.acquireSync();
  const child = new Process({ target: () => {} });
  child.start();
  const [here, there] = Pipe();
  await areTold({
    'a false': [() => lock.acquire(as(false)), /got false\. What does not wait has a name of its own: tryAcquire\(\)/],
    'a false, blocking': [() => lock.acquireSync(as(false)), /got false/],
    null: [() => lock.acquire(as(null)), /got null/],
    blocking: [() => lock.acquire(as({ blocking: false })), /a wait does not know block and blocking/],
    'a signal': [() => lock.acquire(as(new AbortController().signal)), /write \{ signal \}/],
    'a semaphore': [() => new Semaphore(0).acquire(as(5)), /a wait takes an object/],
    'an event': [() => new Event().wait(as(5)), /a wait takes an object/],
    'an event, blocking': [() => new Event().waitSync(as(5)), /a wait takes an object/],
    'a condition': [() => new Condition().wait(as(5)), /a wait takes an object/],
    get: [() => new Queue().get(as(5)), /a wait takes an object/],
    'get, blocking': [() => new Queue().getSync(as(5)), /a wait takes an object/],
    put: [() => new Queue().put(1, as(5)), /a wait takes an object/],
    getMany: [() => new Queue().getMany(1, as(5)), /a wait takes an object/],
    'the end of a process': [() => child.join(as(5)), /a wait takes an object/],
    'the end of a process, blocking': [() => child.joinSync(as(5)), /a wait takes an object/],
    poll: [() => here.poll(as(5)), /a wait takes an object/],
    recv: [() => here.recv(as(5)), /a wait takes an object/],
    connectionWait: [() => connectionWait([here], as(5)), /a wait takes an object/],
    accept: [
      () => {
        using listener = new Listener();
        return listener.accept(as(5));
      },
      /a wait takes an object/,
    ],
  });
  lock.release();
  here.close();
  there.close();
  await child.join();
});

test('what is no connection, no address, no bytes and no type is refused in words', async () => {
  const [here, there] = Pipe();
  await areTold({
    'one connection': [() => connectionWait(as(here)), /connectionWait takes a list of connections and sentinels: got/],
    'a number': [() => connectionWaitSync(as([1])), /waits for connections, and for the sentinels of processes: got 1/],
    'no address': [() => Client(as(undefined)), /an address is a path, or \[host, port\]: got undefined/],
    'no address, blocking': [() => ClientSync(as(['127.0.0.1'])), /an address is a path/],
    'a number to listen at': [() => new Listener(as(5)), /an address is a path/],
    'a text as bytes': [() => here.sendBytes(as('abc')), /bytes are sent as a Uint8Array, such as a Buffer: got 'abc'/],
    "Python's type": [() => new Value(as('i'), 0), /a type is one of int32, .*: got 'i', which is int32 here/],
    "Python's type of an array": [() => new SharedArray(as('d'), 3), /got 'd', which is float64 here/],
    'no type': [() => new Value(as(5)), /got 5$/],
  });
  here.close();
  there.close();
  assert.equal(new Value(int32, 5).value, 5);
});

test("a manager's values take no type, and its queues a limit in either way", async () => {
  await using manager = Manager();
  await areTold({
    'a type of a value': [
      () => (manager.Value as (...args: unknown[]) => unknown).call(manager, 'i', 5),
      /has no type: write manager\.Value\(0\)/,
    ],
    'a type of an array': [
      () => (manager.Array as (...args: unknown[]) => unknown).call(manager, 'i', [5]),
      /write manager\.Array\(\[1, 2\]\)/,
    ],
  });
  for (const limit of [1, { maxSize: 1 }]) {
    const queue = await manager.Queue(limit);
    await queue.put(1);
    await assert.rejects(queue.putNoWait(2), { name: 'QueueFull' });
    await assert.rejects(queue.get(as(5)), { name: 'TypeError', message: /a wait takes an object/ });
  }
});
