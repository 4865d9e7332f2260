import assert from 'node:assert/strict';
import { NONE, packed, ValueList } from '../../src/futures/value-list.ts';
import { test } from '../support/test.ts';

const range = <T>(count: number, item: (i: number) => T): T[] => Array.from({ length: count }, (_, i) => item(i));

test('values come out of a list as they were put in, whatever they are', () => {
  const rows: unknown[][] = [
    [],
    [1, 2, 3],
    range(100, (i) => i - 50),
    range(100, (i) => i * 1e9),
    range(100, (i) => (i < 60 ? i : i + 0.5)),
    range(100, (i) => (i === 70 ? -0 : i)),
    range(100, (i) => (i === 99 ? NaN : i === 98 ? Infinity : i)),
    range(100, (i) => (i === 80 ? 'text' : i)),
    range(100, (i) => (i === 80 ? undefined : i / 4)),
    range(100, (i) => ({ i })),
  ];
  for (const row of rows) {
    for (const capacity of [row.length, row.length + 40]) {
      const list = new ValueList(capacity);
      for (const value of row) list.push(value);
      assert.deepStrictEqual(Array.from(list.values), row);
      assert.equal(list.length, row.length);
    }
    assert.deepStrictEqual(Array.from(packed(row)), row);
  }
});

test('many numbers lie in a row that is no wider than they need, and in a buffer of its own', () => {
  assert.ok(packed(range(100, (i) => i)) instanceof Int32Array);
  assert.ok(packed(range(100, (i) => i / 2)) instanceof Float64Array);
  const list = new ValueList(1000);
  for (let i = 0; i < 10; i++) list.push(i);
  assert.equal((list.values as Int32Array).buffer.byteLength, 40);
});

test('what a function gives for items is collected up to the first value that is no number, or to its error', () => {
  for (const [row, odd] of [
    [range(100, (i) => i), NONE],
    [range(100, (i) => (i < 40 ? i : i / 3)), NONE],
    [range(100, (i) => (i === 99 ? -0 : i)), NONE],
    [range(100, (i) => (i === 50 ? 'text' : i)), 'text'],
    [range(100, (i) => (i === 50 ? 'text' : i / 3)), 'text'],
    [range(100, (i) => ({ i })), { i: 0 }],
  ] as const) {
    const list = new ValueList(row.length);
    const calls: unknown[] = [];
    const given = list.collect(
      (item) => {
        calls.push(item);
        return row[item as number];
      },
      range(row.length, (i) => i),
    );
    assert.deepStrictEqual(given, odd);
    assert.deepStrictEqual(Array.from(list.values), row.slice(0, list.length));
    assert.equal(calls.length, odd === NONE ? row.length : list.length + 1);
  }
  for (const scale of [1, 0.5]) {
    const list = new ValueList(100);
    const fail = (item: unknown): unknown => {
      if (item === 60) throw new Error('at 60');
      return (item as number) * scale;
    };
    assert.throws(
      () =>
        list.collect(
          fail,
          range(100, (i) => i),
        ),
      /at 60/,
    );
    assert.deepStrictEqual(
      Array.from(list.values),
      range(60, (i) => i * scale),
    );
  }
});
