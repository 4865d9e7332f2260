import assert from 'node:assert/strict';
import fc from 'fast-check';
import { BinaryHeap } from '../../src/base/heap.ts';
import { test } from '../support/test.ts';

test('items come out in order, whatever the order they went in', () => {
  fc.assert(
    fc.property(fc.array(fc.integer()), (items) => {
      const heap = new BinaryHeap<number>((a, b) => a - b);
      for (const item of items) heap.push(item);
      const out = Array.from({ length: heap.size }, () => heap.pop());
      assert.deepEqual(
        out,
        items.toSorted((a, b) => a - b),
      );
      assert.equal(heap.pop(), undefined);
    }),
  );
});

test('removing an item from the middle keeps the others in order', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 50 }), { minLength: 1 }), fc.nat(), (items, pick) => {
      const heap = new BinaryHeap<number>((a, b) => a - b);
      for (const item of items) heap.push(item);
      const victim = items[pick % items.length]!;
      assert.equal(
        heap.remove((item) => item === victim),
        victim,
      );
      const rest = items.toSorted((a, b) => a - b);
      rest.splice(rest.indexOf(victim), 1);
      assert.deepEqual(
        Array.from({ length: heap.size }, () => heap.pop()),
        rest,
      );
      assert.equal(
        heap.remove(() => true),
        undefined,
      );
    }),
  );
});
