import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Span, SpanKind } from '../../src/trace/lane.ts';
import { packed } from '../../src/trace/packed.ts';
import { test } from '../support/test.ts';

const KINDS: readonly SpanKind[] = ['run', 'block', 'await', 'task', 'command', 'gc', 'request', 'measure'];
const span = fc
  .record({ kind: fc.constantFrom(...KINDS), begin: fc.integer({ min: 0, max: 100 }), lasts: fc.integer({ min: 1, max: 40 }) })
  .map(({ kind, begin, lasts }): Span => ({ kind, name: kind, begin, end: begin + lasts }));

test('in the row of a thread spans lie one in the other, in all other rows side by side, and none is lost', () => {
  fc.assert(
    fc.property(fc.array(span, { maxLength: 60 }), (spans) => {
      const { rows, left } = packed(spans, 1000);
      assert.equal(left, 0);
      assert.deepEqual(new Set(rows.flatMap((row) => row.spans)), new Set(spans));
      assert.equal(
        rows.reduce((sum, row) => sum + row.spans.length, 0),
        spans.length,
      );
      const [own, ...others] = rows;
      for (const a of own!.spans)
        for (const b of own!.spans)
          assert.ok(
            a.end <= b.begin || b.end <= a.begin || (a.begin <= b.begin && b.end <= a.end) || (b.begin <= a.begin && a.end <= b.end),
          );
      for (const { spans: row } of others) for (const [i, one] of row.entries()) assert.ok(i === 0 || row[i - 1]!.end <= one.begin);
    }),
  );
});

test('what does not fit into the rows is counted', () => {
  const spans = Array.from({ length: 10 }, (): Span => ({ kind: 'await', name: 'a', begin: 0, end: 5 }));
  const { rows, left } = packed(spans, 4);
  assert.equal(rows.length, 4);
  assert.equal(left, 7);
});
