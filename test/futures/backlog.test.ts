import assert from 'node:assert/strict';
import { Backlog } from '../../src/futures/fabric/backlog.ts';
import type { Packed } from '../../src/futures/fabric/parked.ts';
import { Future } from '../../src/futures/future.ts';
import { test } from '../support/test.ts';

const packed = (i: number, parcels: readonly unknown[] | null = null): Packed => ({
  fn: i % 7,
  kind: i % 5,
  word: -i,
  double: i / 3,
  parcels,
});

test('tasks that wait for a slot come out in their order, as they were put in, however many there are', () => {
  const backlog = new Backlog();
  const futures = Array.from({ length: 5000 }, () => new Future());
  const transfer = [new ArrayBuffer(8)];
  let put = 0;
  let taken = 0;
  const take = (): void => {
    const task = backlog.shift()!;
    const isMoved = taken % 10 === 3;
    assert.equal(task.future, futures[taken]);
    assert.deepStrictEqual(
      [task.fn, task.kind, task.word, task.double, task.flags, task.priority],
      [taken % 7, taken % 5, taken === 0 ? 0 : -taken, taken / 3, taken % 3, 0],
    );
    assert.deepStrictEqual([task.parcels, task.transfer], isMoved ? [transfer, transfer] : [null, []]);
    taken++;
  };
  while (put < futures.length) {
    // Around the ring while it grows.
    for (let i = 0; i < 90 && put < futures.length; i++, put++) {
      const isMoved = put % 10 === 3;
      backlog.push(futures[put]!, packed(put, isMoved ? transfer : null), put % 3, 0, isMoved ? transfer : []);
    }
    for (let i = 0; i < 40; i++) take();
    assert.equal(backlog.length, put - taken);
  }
  while (backlog.length > 0) take();
  assert.equal(taken, futures.length);
  assert.equal(backlog.shift(), undefined);
});

test('from when one of the waiting tasks has a priority, the highest comes first, and of those that are alike the first', () => {
  const backlog = new Backlog();
  const futures = Array.from({ length: 6 }, () => new Future());
  const put = (i: number, priority: number): void => backlog.push(futures[i]!, packed(i), 0, priority, []);
  put(0, 0);
  put(1, 0);
  backlog.order();
  put(2, 1);
  put(3, -1);
  put(4, 1);
  const order = [0, 0, 0, 0, 0].map(() => futures.indexOf(backlog.shift()!.future));
  assert.deepStrictEqual(order, [2, 4, 0, 1, 3]);
  assert.equal(backlog.isOrdered, false);
  put(5, 0);
  assert.deepStrictEqual(
    backlog.takeAll().map(({ future }) => futures.indexOf(future)),
    [5],
  );
});
