import assert from 'node:assert/strict';
import { deadlineAfter, NEVER, remaining } from '../../src/base/deadline.ts';
import { CancelledError, InvalidStateError, OutOfRangeError, StateError, TimeoutError } from '../../src/base/errors.ts';
import { test } from '../support/test.ts';

test('an error of another copy of the package is recognised by its brand', async () => {
  const copy = (await import(new URL('../../src/base/errors.js?copy', import.meta.url).href)) as {
    InvalidStateError: typeof InvalidStateError;
  };
  assert.notEqual(copy.InvalidStateError, InvalidStateError);
  const error = new copy.InvalidStateError('from the other copy');
  assert.ok(error instanceof InvalidStateError);
  assert.ok(error instanceof StateError);
  assert.ok(!(error instanceof TimeoutError));
  assert.equal(error.name, 'InvalidStateError');
});

test('a class that a program derives from ours is told apart from its parent', () => {
  class Mine extends CancelledError {}
  assert.ok(new Mine() instanceof Mine);
  assert.ok(new Mine() instanceof CancelledError);
  assert.ok(!(new CancelledError() instanceof Mine));
});

test('instanceof answers for values that are no objects', () => {
  for (const value of [null, undefined, 1, 'text', Symbol.iterator]) assert.equal((value as unknown) instanceof StateError, false);
});

test('an out-of-range value is a RangeError with a code', () => {
  const error = new OutOfRangeError('ERR_EXAMPLE', 'no');
  assert.ok(error instanceof RangeError);
  assert.equal(error.name, 'RangeError');
  assert.equal(error.code, 'ERR_EXAMPLE');
});

test('a time-out becomes a deadline once; a negative one or NaN is refused', () => {
  for (const never of [undefined, null, Infinity]) assert.equal(deadlineAfter(never), NEVER);
  assert.ok(remaining(deadlineAfter(1000)) > 0);
  assert.equal(remaining(deadlineAfter(0)), 0);
  assert.equal(remaining(NEVER), Infinity);
  for (const wrong of [-1, NaN, -Infinity])
    assert.throws(() => deadlineAfter(wrong), { name: 'RangeError', code: 'ERR_TIMEOUT', message: new RegExp(String(wrong)) });
  assert.throws(() => deadlineAfter('5' as never), { name: 'TypeError', message: /got string/ });
});
