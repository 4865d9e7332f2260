import assert from 'node:assert/strict';
import { ThreadPoolExecutor } from '../../src/futures/index.ts';
import { TextualFunctions } from '../../src/futures/textual-functions.ts';
import { test } from '../support/test.ts';

test('a function that captures nothing is known by its text when that is met again, another one never', () => {
  const textual = new TextualFunctions();
  const closed = (): ((n: number) => number) => (n) => n + 1;
  assert.equal(textual.textOf(closed()), null);
  assert.equal(textual.textOf(closed()), String(closed()));
  const capturing = (k: number) => (n: number) => n + k;
  for (let i = 0; i < 3; i++) assert.equal(textual.textOf(capturing(i)), null);
  for (let i = 0; i < 3; i++) assert.equal(textual.textOf(Object.assign(closed(), { own: 1 })), null);
  for (let i = 0; i < 3; i++) assert.equal(textual.textOf(Object.assign(closed(), { [Symbol('own')]: 1 })), null);
});

test('a function that will be applied often is looked at when it is met for the first time', () => {
  const textual = new TextualFunctions();
  const closed = (n: number): number => n + 2;
  assert.equal(textual.textOf(closed, true), String(closed));
  assert.equal(
    textual.textOf((n: number) => closed(n), true),
    null,
  );
});

test('functions of one text that capture different values stay apart', async () => {
  await using pool = new ThreadPoolExecutor({ maxWorkers: 1 });
  const adding = (k: number) => (n: number) => n + k;
  for (let k = 0; k < 4; k++) assert.equal(await pool.submit(adding(k), 10), 10 + k);
  for (let i = 0; i < 4; i++) assert.equal(await pool.submit((n: number) => n * 2, i), i * 2);
  for (let k = 0; k < 4; k++) assert.deepEqual(await pool.map(adding(k), [1, 2]).toArray(), [k + 1, k + 2]);
  for (let i = 0; i < 4; i++) assert.deepEqual(await pool.map((n: number) => n * 2, [1, i]).toArray(), [2, i * 2]);
});

test('maps whose functions have the same text and capture nothing may be under way at the same time, and more texts may be met than there are places', async () => {
  await using pool = new ThreadPoolExecutor({ maxWorkers: 2 });
  const twice = (): ((n: number) => number) => (n) => n * 2;
  const maps = Array.from({ length: 3 }, () => pool.map(twice(), [1, 2, 3]).toArray());
  assert.deepEqual(await Promise.all(maps), [
    [2, 4, 6],
    [2, 4, 6],
    [2, 4, 6],
  ]);
  const texts = Array.from({ length: 1100 }, (_, i) => `(n) => n + ${i}`);
  // oxlint-disable-next-line typescript/no-implied-eval, eslint/no-new-func -- so many texts, in one script
  const all = new Function(`return [${texts.join()}]`)() as ((n: number) => number)[];
  for (const [i, adds] of all.entries()) assert.deepEqual(await pool.map(adds, [1]).toArray(), [i + 1]);
});
