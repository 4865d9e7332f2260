import assert from 'node:assert/strict';
import { within } from '../../src/base/within.ts';
import { test } from '../support/test.ts';

test('a wait with a longer time-out than a timer can count waits all the same', async () => {
  const later = new Promise<string>((resolve) => setTimeout(() => resolve('came'), 20));
  assert.deepEqual(await within(later, { timeout: 2 ** 40 }), { inTime: true, value: 'came' });
});

test('a wait whose time is up leaves the promise alone', async () => {
  assert.deepEqual(await within(new Promise<void>(() => {}), { timeout: 5 }), { inTime: false });
});
