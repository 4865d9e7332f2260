import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { NEVER } from '../../src/base/deadline.ts';
import { canShareMemory } from '../../src/system/memory.ts';
import { MappedHeap } from '../../src/word/mapped-heap.ts';
import { LONG } from '../support/patience.ts';
import { test } from '../support/test.ts';

const BYTES = 64 << 20;
const module = new URL('../../src/word/mapped-heap.js', import.meta.url).href;

/** A process that shares `heap` as `heap` and runs `body`. */
function companion(heap: MappedHeap, body: string): ChildProcess {
  const source = `import { MappedHeap } from '${module}'; const heap = MappedHeap.attach(3, ${BYTES}); ${body}`;
  return spawn(process.execPath, ['--input-type=module', '-e', source], { stdio: ['ignore', 'inherit', 'inherit', heap.memory.fd] });
}

if (canShareMemory()) {
  test('two processes add to one word and lose nothing', async () => {
    const heap = MappedHeap.create(BYTES);
    const offset = heap.allocate(16);
    const count = heap.word(offset);
    const children = [1, 2].map(() => companion(heap, `const w = heap.word(${offset}); for (let i = 0; i < 100_000; i++) w.add(1);`));
    for (let i = 0; i < 100_000; i++) count.add(1);
    const exits = await Promise.all(children.map((child) => once(child, 'exit')));
    assert.deepEqual(exits, [
      [0, null],
      [0, null],
    ]);
    assert.equal(count.load(), 300_000);
  });

  test('a process that blocks on a word is woken by another process, in both directions', async () => {
    const heap = MappedHeap.create(BYTES);
    const offset = heap.allocate(16);
    const [ping, pong] = [heap.word(offset), heap.word(offset + 4)];
    const child = companion(
      heap,
      `const ping = heap.word(${offset}), pong = heap.word(${offset + 4});
       for (let i = 1; i <= 200; i++) { while (ping.load() !== i) ping.sleep(i - 1, Infinity); pong.store(i); pong.wake(1); }`,
    );
    for (let i = 1; i <= 200; i++) {
      ping.store(i);
      ping.wake(1);
      while (pong.load() !== i) pong.sleep(i - 1, NEVER);
    }
    assert.deepEqual(await once(child, 'exit'), [0, null]);
  });

  test('a process that awaits a word is woken by another process while its event loop stays free', async (context) => {
    const heap = MappedHeap.create(BYTES);
    const offset = heap.allocate(16);
    const word = heap.word(offset);
    let turns = 0;
    const loop = setInterval(() => turns++, 1);
    context.after(() => clearInterval(loop));
    const child = companion(
      heap,
      `const w = heap.word(${offset});
       for (let i = 1; i <= 5; i++) { for (let now = w.load(); now !== i; now = w.load()) w.sleep(now, Infinity); w.store(-i); w.wake(1); }`,
    );
    // A test that fails midway leaves no process that waits for ever.
    context.after(() => child.kill('SIGKILL'));
    for (let i = 1; i <= 5; i++) {
      word.store(i);
      word.wake(1);
      // It may also find that the word has changed already.
      for (let now = word.load(); now !== -i; now = word.load())
        assert.notEqual(await word.sleepAsync(now, performance.now() + LONG), 'timed-out');
    }
    clearInterval(loop);
    assert.ok(turns > 0);
    assert.deepEqual(await once(child, 'exit'), [0, null]);
  });

  test('an await of mapped memory ends when its time is up, when it is cancelled, and at once when the word has changed', async () => {
    const heap = MappedHeap.create(BYTES);
    const word = heap.word(heap.allocate(16));
    assert.equal(await word.sleepAsync(1, NEVER), 'changed');
    assert.equal(await word.sleepAsync(0, performance.now() + 5), 'timed-out');
    let cancel: (() => void) | undefined;
    const waiting = word.sleepAsync(0, NEVER, { set: (end) => void (cancel = end) });
    cancel?.();
    assert.equal(await waiting, 'cancelled');
    assert.equal(word.wake(10), 0);
  });

  test('of several that await a word, a wake of one wakes exactly one', async () => {
    const heap = MappedHeap.create(BYTES);
    const word = heap.word(heap.allocate(16));
    let woken = 0;
    const waits = [1, 2, 3].map(async () => {
      const reason = await word.sleepAsync(0, NEVER);
      woken++;
      return reason;
    });
    assert.equal(word.wake(1), 1);
    await Promise.race(waits);
    assert.equal(woken, 1);
    assert.equal(word.wake(5), 2);
    assert.deepEqual(await Promise.all(waits), ['woken', 'woken', 'woken']);
  });

  test('no block of any size is the table of bells', async () => {
    const heap = MappedHeap.create(BYTES);
    const other = MappedHeap.attach(heap.memory.fd, BYTES);
    for (let bytes = 16; bytes <= 1 << 16; bytes += bytes < 64 ? 16 : bytes) {
      const block = other.allocate(bytes);
      other.i32.fill(-1, block / 4, (block + bytes) / 4);
    }
    const word = heap.word(heap.allocate(16));
    const waiting = word.sleepAsync(0, NEVER);
    assert.equal(word.wake(1), 1);
    assert.equal(await waiting, 'woken');
  });

  test('notes of a killed process do not swallow the wakes of the living', async () => {
    const heap = MappedHeap.create(BYTES);
    const offset = heap.allocate(16);
    const word = heap.word(offset);
    const ready = heap.word(offset + 4);
    const child = companion(
      heap,
      `heap.word(${offset}).sleepAsync(0, Infinity); heap.word(${offset + 4}).store(1); heap.word(${offset + 4}).wake(1);`,
    );
    while (ready.load() === 0) ready.sleep(0, NEVER);
    child.kill('SIGKILL');
    await once(child, 'exit');
    const waiting = word.sleepAsync(0, NEVER);
    assert.equal(word.wake(1), 1);
    assert.equal(await waiting, 'woken');
  });
} else {
  test('where processes cannot share memory, the refusal says so', () => {
    assert.throws(() => MappedHeap.create(BYTES), { code: 'ERR_NO_SHARED_MEMORY' });
  });
}
