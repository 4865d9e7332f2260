import assert from 'node:assert/strict';
import fc from 'fast-check';
import { Deque } from '../../src/base/deque.ts';
import { test } from '../support/test.ts';

const step = fc.oneof(
  fc.record({ act: fc.constant('push' as const), item: fc.integer() }),
  fc.record({ act: fc.constant('unshift' as const), item: fc.integer() }),
  fc.record({ act: fc.constantFrom('pop' as const, 'shift' as const, 'clear' as const) }),
);

test('a deque does what an array does, whatever the order of operations', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const deque = new Deque<number>();
      const array: number[] = [];
      for (const one of steps) {
        if (one.act === 'push') {
          array.push(one.item);
          deque.push(one.item);
        } else if (one.act === 'unshift') {
          array.unshift(one.item);
          deque.unshift(one.item);
        } else if (one.act === 'clear') {
          array.length = 0;
          deque.clear();
        } else assert.equal(deque[one.act](), array[one.act]());
        assert.deepEqual([...deque], array);
        assert.equal(deque.length, array.length);
        assert.equal(deque.peek(), array[0]);
      }
    }),
  );
});
