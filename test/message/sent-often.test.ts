import assert from 'node:assert/strict';
import { pack } from '../../src/message/closures/pack.ts';
import { decode, encode } from '../../src/message/index.ts';
import * as object from './exported-object.ts';
import * as variable from './exported-variable.ts';
import { test } from '../support/test.ts';

const TIMES = 20;
const sent = <F>(fn: F): F => decode(Uint8Array.from(encode(fn).bytes)) as F;

let top = 0;
const nextTop = (): number => ++top;
const offset = 100;
const addOffset = (x: number): number => x + offset;

test('a function that is sent again and again takes along what its variables hold at that moment', () => {
  let changing = 0;
  // oxlint-disable-next-line prefer-const -- assigned once, later
  let late: number | undefined;
  const object = { n: 0 };
  const all = (): unknown[] => [top, changing, late, object.n];
  const far: unknown[][] = [];
  const near: unknown[][] = [];
  for (let i = 0; i < TIMES; i++) {
    changing = i;
    object.n = i * 2;
    nextTop();
    if (i === TIMES / 2) late = 7;
    far.push(sent(all)());
    near.push(all());
  }
  assert.deepEqual(far, near);
});

test('closures of one text have their own variables each, and those of the functions that they capture', () => {
  const made = (factor: number): (() => number[]) => {
    const list = [factor];
    const inner = (): number => list.length + factor * 10;
    const named = function self(n: number): number {
      return n === 0 ? factor : self(n - 1);
    };
    function declared(): number {
      return factor + offset;
    }
    return () => [inner(), named(2), declared(), addOffset(factor)];
  };
  for (let i = 0; i < TIMES; i++) assert.deepEqual(sent(made(i))(), made(i)());
  const kept = Array.from({ length: 3 }, (_, i) => made(i));
  for (let i = 0; i < TIMES; i++) for (const one of kept) assert.deepEqual(sent(one)(), one());
});

test('a constant that holds a function of another call keeps the variables of that call', () => {
  const makes = (n: number): (() => number) => {
    const own = (): number => n;
    return own;
  };
  const wraps = (n: number): (() => number[]) => {
    const other = makes(n * 10);
    const own = (): number => n;
    return () => [own(), other()];
  };
  for (let i = 0; i < TIMES; i++) assert.deepEqual(sent(wraps(i))(), [i, i * 10]);
});

test('a variable that is written in one function and read in another stays one variable, however often they are sent', () => {
  const make = (): { readonly count: () => number; readonly read: () => number } => {
    let n = 0;
    return { count: () => ++n, read: () => n };
  };
  for (let i = 0; i < TIMES; i++) {
    const far = sent(make());
    assert.equal(far.count(), 1);
    assert.equal(far.count(), 2);
    assert.equal(far.read(), 2);
  }
});

test('each turn of a loop has its own variable, and a constant is not known before it has its value', () => {
  const fns: (() => number)[] = [];
  for (const x of [1, 2, 3]) fns.push(() => x);
  for (let i = 0; i < TIMES; i++)
    assert.deepEqual(
      fns.map((fn) => sent(fn)()),
      [1, 2, 3],
    );
  for (let i = 0; i < TIMES; i++) {
    const early = (): number => value;
    assert.throws(() => encode(early), { code: 'E_TDZ' });
    const value = 5;
    assert.equal(sent(early)(), 5);
  }
});

/** How a function goes: `function`, by value, or `export`, by reference. */
function wayOf(fn: () => unknown): string {
  const { root, nodes } = pack(fn);
  return nodes[(root as [number])[0]]![0];
}

test('a function that is exported after it has been sent again and again goes by reference from then on', () => {
  const places = [
    { make: object.makeHandler, put: (made: () => string): void => void (object.handlers.first = made) },
    { make: variable.makeHandler, put: variable.setHandler },
  ];
  for (const { make, put } of places) {
    const kept = make('kept');
    for (let i = 0; i < TIMES; i++) {
      assert.equal(wayOf(kept), 'function');
      assert.equal(wayOf(make(`${i}`)), 'function');
    }
    const another = make('another');
    put(another);
    assert.equal(wayOf(another), 'export');
    put(kept);
    assert.equal(wayOf(kept), 'export');
    assert.equal(wayOf(make('not this one')), 'function');
  }
});
