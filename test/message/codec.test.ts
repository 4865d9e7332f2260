import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import fc from 'fast-check';
import { decode, encode, post, take } from '../../src/message/index.ts';
import { test } from '../support/test.ts';

/** There and back, by bytes and by a block of the heap. */
function copies(value: unknown): unknown[] {
  const { bytes, parcels } = encode(value);
  const first = decode(Uint8Array.from(bytes), parcels);
  const posted = post(value);
  const second = take(posted.offset, posted.parcels);
  const { bytes: foreign } = encode(value, { where: 'process' });
  return [first, second, decode(Uint8Array.from(foreign))];
}

const anything = (): fc.Arbitrary<unknown> =>
  fc.anything({
    withBigInt: true,
    withDate: true,
    withMap: true,
    withSet: true,
    withTypedArray: true,
    withSparseArray: true,
    withNullPrototype: true,
    withBoxedValues: true,
  });

/** Node 22's `deepEqual` holds no invalid date for equal to itself: they have a test of their own. */
const holdsInvalidDate = (value: unknown): boolean =>
  inspect(value, { depth: Infinity, maxArrayLength: Infinity }).includes('Invalid Date');

test('a copy of any plain data is what structuredClone makes of it', () => {
  fc.assert(
    fc.property(anything(), (value) => {
      fc.pre(!holdsInvalidDate(value));
      for (const copy of copies(value)) assert.deepEqual(copy, value);
    }),
    { numRuns: 1000 },
  );
});

test('an invalid date stays one', () => {
  for (const copy of copies([new Date(NaN)]) as Date[][]) {
    assert.ok(copy[0] instanceof Date);
    assert.ok(Number.isNaN(copy[0].getTime()));
  }
});

test('strings of any characters arrive whole', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'binary' })), (value) => {
      for (const copy of copies(value)) assert.deepEqual(copy, value);
    }),
  );
  const long = ['x'.repeat(100_000), 'é'.repeat(70_000), '', '日本'.repeat(50_000), '\ud800'];
  for (const copy of copies(long)) assert.deepEqual(copy, long);
});

test('what is shared or circular inside one message is so in the copy', () => {
  const shared = { x: 1 };
  const value: Record<string, unknown> = { first: shared, second: [shared, shared], map: new Map([[shared, shared]]) };
  value['self'] = value;
  for (const copy of copies(value) as (typeof value)[]) {
    assert.equal(copy['self'], copy);
    assert.equal((copy['second'] as unknown[])[1], copy['first']);
    assert.equal((copy['map'] as Map<unknown, unknown>).get(copy['first']), copy['first']);
  }
  const wide = Array.from({ length: 100 }, (_, i) => ({ i }));
  const twice = [wide, wide, wide[70]];
  for (const copy of copies(twice) as (typeof twice)[]) {
    assert.equal(copy[0], copy[1]);
    assert.equal(copy[2], (copy[0] as typeof wide)[70]);
  }
});
