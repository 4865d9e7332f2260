import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import type { Crew } from '../../src/futures/fabric/crew.ts';
import { Direct } from '../../src/futures/fabric/direct.ts';
import { Fabric, TAIL } from '../../src/futures/fabric/layout.ts';
import { gather, ThreadPoolExecutor } from '../../src/futures/index.ts';
import { int32, SharedValue } from '../../src/threading/index.ts';
import { sharedHeap } from '../../src/word/heap.ts';
import { test } from '../support/test.ts';
import { SHORT } from '../support/patience.ts';

const LARGE = 5 << 20;

test('large binary arguments arrive whole, as they were when they were handed over, and are the own of the task', async () => {
  await using pool = new ThreadPoolExecutor({ maxWorkers: 2 });
  const change = (all: { bytes: Uint8Array; again: Uint8Array; words: Int32Array; part: Buffer }): unknown[] => {
    const before = [all.bytes === all.again, all.bytes.buffer === all.words.buffer, all.bytes.length, all.bytes[5], all.part[0]];
    all.bytes.fill(9);
    return [...before, all.words[0], all.bytes.buffer instanceof ArrayBuffer];
  };
  for (let i = 0; i < 10; i++) {
    const bytes = new Uint8Array(LARGE).fill(i);
    const given = { bytes, again: bytes, words: new Int32Array(bytes.buffer, 4, 100), part: Buffer.from(bytes.buffer, 10, LARGE - 20) };
    const results = [pool.submit(change, given), pool.submit(change, given), pool.submit(change, given)];
    bytes.fill(77);
    for (const result of results) assert.deepEqual(await result, [true, true, LARGE, i, i, 0x0909_0909, true]);
    assert.ok(bytes.every((byte) => byte === 77));
  }
});

test('large arguments go to a worker that sleeps, or that is about to look for a task, unless it would find another one first', () => {
  const fabric = Fabric.allocate();
  const worker = { isParked: false, isCalled: false };
  const direct = new Direct(fabric, { slots: [null, worker] } as unknown as Crew);
  const chosen = (): unknown => (direct.options.besideIf!() ? direct.worker : null);
  assert.equal(chosen(), null);
  worker.isCalled = true;
  assert.equal(chosen(), worker);
  Atomics.add(fabric.i32, fabric.base + TAIL, 1);
  assert.equal(chosen(), null);
  worker.isParked = true;
  assert.equal(chosen(), worker);
  sharedHeap().release(fabric.block);
});

/** Has a worker fail, once, where it takes what has been sent to it alone. */
function spoil(how: 'dies' | 'is slow', hits: SharedValue<number>, ms: number): void {
  const require = createRequire(import.meta.url);
  const threads = require('node:worker_threads') as { receiveMessageOnPort: (port: unknown) => unknown };
  const { syncBuiltinESMExports } = require('node:module') as { syncBuiltinESMExports: () => void };
  const receive = threads.receiveMessageOnPort;
  threads.receiveMessageOnPort = (port) => {
    threads.receiveMessageOnPort = receive;
    syncBuiltinESMExports();
    hits.add(1);
    if (how === 'dies') process.exit(5);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
    return receive(port);
  };
  syncBuiltinESMExports();
}

for (const how of ['dies', 'is slow'] as const) {
  test(`a worker that ${how} before it has begun a task with a large argument costs nothing: the task runs once, elsewhere or later`, async () => {
    await using pool = new ThreadPoolExecutor({ maxWorkers: 2, minWorkers: 2 });
    const [hits, runs] = [new SharedValue(int32, 0), new SharedValue(int32, 0)];
    await gather(pool.submitToAll(spoil, how, hits, SHORT));
    const sum = (bytes: Uint8Array): number => {
      runs.add(1);
      return bytes.length + bytes[7]!;
    };
    let handedOver = 0;
    // It goes to a worker alone if one sleeps.
    while (hits.value === 0 || handedOver < 20) {
      const bytes = new Uint8Array(LARGE).fill(3);
      const result = pool.submit(sum, bytes);
      bytes.fill(4);
      assert.equal(await result, LARGE + 3);
      handedOver++;
    }
    assert.equal(runs.value, handedOver);
  });
}
