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
});

test('functions of one text that capture different values stay apart', async () => {
  await using pool = new ThreadPoolExecutor({ maxWorkers: 1 });
  const adding = (k: number) => (n: number) => n + k;
  for (let k = 0; k < 4; k++) assert.equal(await pool.submit(adding(k), 10), 10 + k);
  for (let i = 0; i < 4; i++) assert.equal(await pool.submit((n: number) => n * 2, i), i * 2);
});
