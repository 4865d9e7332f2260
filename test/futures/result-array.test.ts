import assert from 'node:assert/strict';
import { ResultArray } from '../../src/futures/result-array.ts';
import { packed, type Values } from '../../src/futures/value-list.ts';
import { test } from '../support/test.ts';

const range = <T>(count: number, item: (i: number) => T): T[] => Array.from({ length: count }, (_, i) => item(i));

test('pieces of any values come together in one array, whatever is known of how many there will be', () => {
  const rows: unknown[][] = [
    [],
    range(1000, (i) => i),
    range(1000, (i) => (i < 500 ? i : i / 3)),
    range(1000, (i) => (i < 500 ? i / 3 : i)),
    range(1000, (i) => (i === 700 ? 'text' : i / 3)),
    range(1000, (i) => (i === 10 ? undefined : { i })),
    range(200_000, (i) => i * i),
    range(200_000, (i) => i),
  ];
  for (const row of rows) {
    for (const [size, known] of [
      [1, true],
      [300, true],
      [300, false],
      [70_000, true],
    ] as const) {
      const all = new ResultArray<unknown>();
      for (let at = 0; at < row.length; at += size) {
        const piece: Values = packed(row.slice(at, at + size));
        all.add([piece[0]], 0, known ? row.length - at - 1 : 0);
        all.add(piece, 1, known ? Math.max(0, row.length - at - size) : 0);
      }
      assert.deepStrictEqual(all.values, row);
    }
  }
});
