import assert from 'node:assert/strict';
import { Worker } from 'node:worker_threads';
import { sharedHeap } from '../../src/word/heap.ts';
import { holding } from '../../src/word/holdings.ts';
import * as roster from '../../src/word/roster.ts';
import { self } from '../../src/word/self.ts';
import { waitBegins, waitEnds, waitsOf, waitStandsAt } from '../../src/word/waits.ts';
import { test } from '../support/test.ts';

test('the main thread is number 1 and known by name', () => {
  assert.equal(self.id, 1);
  assert.equal(roster.nameOf(1), 'MainThread');
  assert.equal(roster.nativeIdOf(1), process.pid);
  assert.equal(roster.threadCount(), 1);
  assert.ok(roster.isAlive(1));
  assert.ok(!roster.probe(1));
});

test('a thread that ended in good order is neither alive nor dead', () => {
  const id = roster.enter({ name: 'worker', daemon: true });
  assert.equal(roster.nameOf(id), 'worker');
  assert.deepEqual(
    roster.list().map(({ name, daemon }) => ({ name, daemon })),
    [
      { name: 'MainThread', daemon: false },
      { name: 'worker', daemon: true },
    ],
  );
  assert.ok(roster.leave(id));
  assert.ok(!roster.leave(id));
  assert.ok(!roster.isAlive(id));
  assert.ok(!roster.isDead(id));
});

test('ids are never given twice while anybody may remember them, and the dead stay dead', () => {
  const dead = roster.enter({ name: 'unlucky', daemon: false });
  assert.ok(roster.die(dead, 'terminated'));
  assert.ok(!roster.die(dead, 'lost'));
  assert.equal(roster.howDied(dead), 'terminated');
  const seen = new Set<number>([dead]);
  for (let i = 0; i < 12_000; i++) {
    const id = roster.enter({ name: `n${i}`, daemon: false });
    assert.ok(id > 0 && id < 2 ** 29);
    assert.ok(!seen.has(id));
    seen.add(id);
    roster.leave(id);
    assert.ok(!roster.isDead(id));
  }
  assert.ok(roster.isDead(dead));
  assert.equal(roster.threadCount(), 1);
});

test('a name that is too long is cut between characters', () => {
  const id = roster.enter({ name: 'ä'.repeat(100), daemon: false });
  assert.equal(roster.nameOf(id), 'ä'.repeat(32));
  roster.setName(id, 'short');
  assert.equal(roster.nameOf(id), 'short');
  roster.leave(id);
});

test('a wait is on record while it lasts, with its place', () => {
  const ticket = waitBegins({ kind: 'join', target: 77 }, { blocks: true, endless: true, breakable: true });
  waitStandsAt(ticket, 'app.ts:3:4');
  const [wait] = waitsOf(self.id)!;
  assert.ok(wait!.serial > 0);
  assert.deepEqual(
    { ...wait, serial: 0 },
    { kind: 'join', target: 77, serial: 0, blocks: true, endless: true, breakable: true, idleLooks: 0, where: 'app.ts:3:4' },
  );
  waitEnds(ticket);
  assert.deepEqual(waitsOf(self.id), []);
});

test('what a dead thread had taken is given back, unless the guard is set', () => {
  const heap = sharedHeap();
  const block = heap.allocate(16);
  const id = roster.enter({ name: 'taker', daemon: false });
  self.id = id;
  Atomics.store(heap.i32, holding(block, 0, block) / 4, 2);
  Atomics.store(heap.i32, holding(block + 4, block + 8, block) / 4, 5);
  Atomics.store(heap.i32, (block + 8) / 4, 1);
  self.id = 1;
  assert.equal(heap.references(block), 3);
  roster.die(id, 'exited');
  assert.deepEqual([...heap.i32.subarray(block / 4, block / 4 + 3)], [2, 0, 1]);
  assert.equal(heap.references(block), 1);
});

test('a death that nobody reported is seen without any event loop', async () => {
  const id = roster.enter({ name: 'doomed', daemon: false });
  const module = new URL('../../src/word/', import.meta.url).href;
  const source = `
    const { workerData } = require('node:worker_threads');
    (async () => {
      const { adoptHeap } = await import(workerData.module + 'heap.js');
      adoptHeap(workerData.buffer);
      const { embody } = await import(workerData.module + 'roster.js');
      embody(workerData.id);
      Atomics.store(new Int32Array(workerData.ready), 0, 1);
      Atomics.notify(new Int32Array(workerData.ready), 0);
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
    })();`;
  const ready = new Int32Array(new SharedArrayBuffer(4));
  const worker = new Worker(source, { eval: true, workerData: { module, buffer: sharedHeap().buffer, id, ready: ready.buffer } });
  Atomics.wait(ready, 0, 0);
  assert.notEqual(roster.nativeIdOf(id), 0);
  assert.ok(!roster.probe(id));
  await worker.terminate();
  assert.ok(roster.probe(id));
  assert.equal(roster.howDied(id), 'lost');
});
