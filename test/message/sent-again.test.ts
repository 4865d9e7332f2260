import assert from 'node:assert/strict';
import { basename } from 'node:path';
import { copy, int32, SendError, SharedValue, Thread } from 'manycore/threading';
import { test } from '../support/test.ts';
import { far } from './ways/far.ts';
import { helper } from './ways/library.ts';

/*
 * From the second time on, most functions go another way than the first time: what arrives must be the same.
 */
const TIMES = 4;

/** What comes of something that is sent again and again, each time made anew. */
async function each(make: (i: number) => readonly [fn: (...args: never[]) => unknown, ...args: unknown[]]): Promise<unknown[]> {
  const found: unknown[] = [];
  for (let i = 0; i < TIMES; i++) found.push(await far(...(make(i) as [(...args: unknown[]) => unknown, ...unknown[]])));
  return found;
}
const start = (target: () => unknown): void => new Thread({ target }).start();
const times = <T>(value: (i: number) => T): T[] => Array.from({ length: TIMES }, (_, i) => value(i));

test('closures of one text bring what each of them captures, also through functions that they capture', async () => {
  const found = await each((factor) => {
    const weights = [1, 2, factor];
    const weigh = (x: number): number => weights.reduce((sum, weight) => sum + weight * x, 0);
    return [(x: number): unknown => [weigh(x), helper(x), basename('/a/b'), weights.length * factor], 3];
  });
  assert.deepEqual(
    found,
    times((i) => [9 + 3 * i, helper(3), 'b', 3 * i]),
  );
});

test('a function has the values that its variables hold when it is sent, its name, and itself under its name', async () => {
  let level = 0;
  const options = { deep: { list: [0] } };
  const down = (n: number): unknown[] => (n === 0 ? [level, options.deep.list[0], down.name] : down(n - 1));
  const found = await each((i) => {
    level = i;
    options.deep.list[0] = i * 2;
    return [down, 2];
  });
  assert.deepEqual(
    found,
    times((i) => [i, i * 2, 'down']),
  );
});

test('the name of a function, properties that it has been given, and those of its prototype arrive', async () => {
  const target = Object.assign(
    function target(this: unknown): unknown {
      return [target.name, (target as { readonly extra?: unknown }).extra, 'own' in target.prototype];
    },
    { extra: undefined as unknown },
  );
  Reflect.deleteProperty(target, 'extra');
  const found = await each((i) => {
    if (i === 1) Object.defineProperty(target, 'name', { value: 'renamed' });
    if (i === 2) target.extra = 7;
    if (i === 3) Object.assign(target.prototype as object, { own: 1 });
    return [target];
  });
  assert.deepEqual(found, [
    ['target', undefined, false],
    ['renamed', undefined, false],
    ['renamed', 7, false],
    ['renamed', 7, true],
  ]);
});

test('what a function captures keeps its protection, its getters and its gaps', async () => {
  const found = await each((i) => {
    const frozen = Object.freeze({ i });
    const computed = { i, get twice() { return this.i * 2; } }; // prettier-ignore
    const gaps = [[i], , [i]]; // oxlint-disable-line eslint/no-sparse-arrays -- that is the point
    const bare = Object.assign(Object.create(null) as object, { i });
    return [
      (): unknown => [
        Object.isFrozen(frozen),
        typeof Object.getOwnPropertyDescriptor(computed, 'twice')?.get,
        1 in gaps,
        Object.getPrototypeOf(bare),
        Math.max(i, 2),
      ],
    ];
  });
  assert.deepEqual(
    found,
    times((i) => [true, 'function', false, null, Math.max(i, 2)]),
  );
});

test('arguments keep their protection and their getters, and are one object where they were one', async () => {
  const found = await each((i) => {
    const object = { i };
    return [
      (one: { i: number }, two: unknown, frozen: object, fn: () => unknown): unknown => [
        one === two,
        Object.isFrozen(frozen),
        fn() === one,
      ],
      object,
      object,
      Object.freeze({ i }),
      copy(() => object),
    ];
  });
  assert.deepEqual(
    found,
    times(() => [true, true, true]),
  );
});

test('a function that is sent again comes home as the one that left, and what is shared is the same thing', async () => {
  const value = new SharedValue(int32);
  const add = (): number => value.add(1);
  for (let i = 0; i < TIMES; i++) {
    assert.equal(
      await far((fn: () => number) => {
        fn();
        return fn;
      }, add),
      add,
    );
  }
  assert.equal(value.value, TIMES);
});

test('a function that has been sent is refused as soon as it can not travel', async () => {
  const makes = (later: () => unknown): (() => unknown) => {
    const early = (): unknown => [typeof late, typeof later];
    if (later === undefined) start(early);
    const late = 1;
    return early;
  };
  for (let i = 0; i < TIMES; i++) assert.deepEqual(await far(makes(() => i)), ['number', 'function']);
  assert.throws(() => makes(undefined as never), (error) => error instanceof SendError && error.code === 'E_TDZ'); // prettier-ignore
  const captures =
    (held: unknown): (() => unknown) =>
    () =>
      held;
  for (let i = 0; i < TIMES; i++) assert.equal(await far(captures(i)), i);
  assert.throws(() => start(captures(Promise.resolve())), /captured variable 'held'/);
  assert.equal(await far(captures('again')), 'again');
});

test('texts of one length that have no file are not taken for each other', async () => {
  // oxlint-disable-next-line typescript/no-implied-eval, eslint/no-new-func -- functions without a file are the point
  const found = await each((i) => [new Function(`return ${i}`) as () => unknown]);
  assert.deepEqual(
    found,
    times((i) => i),
  );
  const [one, other] = [1, 2].map((n) => new Function(`return ${n}`) as () => unknown); // oxlint-disable-line typescript/no-implied-eval, eslint/no-new-func -- the same
  assert.deepEqual(await far((a: () => unknown, b: () => unknown) => [a(), b()], one, other), [1, 2]);
});
