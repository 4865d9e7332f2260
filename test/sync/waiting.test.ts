import assert from 'node:assert/strict';
import * as mutex from '../../src/sync/mutex.ts';
import { suspend, type Waiting } from '../../src/sync/waiting.ts';
import { sharedHeap } from '../../src/word/heap.ts';
import type { FutexWord, WakeReason } from '../../src/word/word.ts';
import { SHORT } from '../support/patience.ts';
import { test } from '../support/test.ts';

test('a cancel that comes after the wake is told at the next sleep, so that the wake is not lost', async () => {
  const word = { sleepAsync: () => Promise.resolve('woken') } as unknown as FutexWord;
  const told: WakeReason[] = [];
  function* waits(): Waiting<boolean> {
    told.push(yield { word, expected: 0 });
    told.push(yield { word, expected: 0 });
    return false;
  }
  const controller = new AbortController();
  const waiting = suspend(waits(), Infinity, controller.signal);
  // The wake has been given; the task has not gone on yet.
  controller.abort(new Error('enough'));
  await assert.rejects(waiting, /enough/);
  assert.deepEqual(told, ['woken', 'cancelled']);
});

test('a task that has slept does not take the abandoned lock that another task of its thread was told of', async () => {
  const heap = sharedHeap();
  const word = heap.word(heap.allocate(16));
  mutex.seize(word);
  const waiting = suspend(mutex.acquire(word), performance.now() + SHORT);
  word.store(heap.self.id | mutex.ABANDONED | mutex.CONTENDED);
  word.wake(1);
  assert.equal(await waiting, false);
  assert.equal(mutex.seize(word), 'acquired');
  mutex.release(word);
});
