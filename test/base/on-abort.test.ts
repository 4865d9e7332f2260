import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { onAbort } from '../../src/base/on-abort.ts';
import { ProcessPoolExecutor, ThreadPoolExecutor } from '../../src/futures/index.ts';
import { Event } from '../../src/threading/index.ts';
import { test } from '../support/test.ts';

const listeners = (signal: AbortSignal): number => getEventListeners(signal, 'abort').length;

test('however many wait for a signal, it has one listener, and none when nobody does any more', () => {
  const { signal } = new AbortController();
  const takeBack = Array.from({ length: 50 }, () => onAbort(signal, () => {}));
  assert.equal(listeners(signal), 1);
  for (const ignore of takeBack) ignore();
  assert.equal(listeners(signal), 0);
  takeBack[0]!();
  onAbort(signal, () => {});
  assert.equal(listeners(signal), 1);
});

test('all are called once, in their order, but for those that were taken back, also in the middle of it', () => {
  const controller = new AbortController();
  const called: string[] = [];
  const act = (): void => void called.push('twice');
  onAbort(controller.signal, act);
  onAbort(controller.signal, act);
  let ignoreLast = (): void => {};
  onAbort(controller.signal, () => {
    called.push('first');
    ignoreLast();
  });
  ignoreLast = onAbort(controller.signal, () => called.push('never'));
  onAbort(controller.signal, () => called.push('last'));
  controller.abort();
  assert.deepEqual(called, ['twice', 'twice', 'first', 'last']);
  assert.equal(listeners(controller.signal), 0);
});

test('waits and tasks on one signal make Node warn of no leak', async () => {
  const warnings: Error[] = [];
  const onWarning = (warning: Error): void => void warnings.push(warning);
  process.on('warning', onWarning);
  const controller = new AbortController();
  const { signal } = controller;
  const event = new Event();
  const waits = Array.from({ length: 12 }, () => event.wait({ signal }));
  const threads = new ThreadPoolExecutor({ maxWorkers: 1 });
  const processes = new ProcessPoolExecutor({ maxWorkers: 1 });
  for (const pool of [threads, processes])
    await Promise.all(Array.from({ length: 12 }, (_, i) => pool.with({ signal }).submit((n: number) => n, i)));
  controller.abort();
  for (const one of waits) await assert.rejects(one, { name: 'AbortError' });
  await threads.shutdown();
  await processes.shutdown();
  await new Promise((resolve) => setImmediate(resolve)); // Node emits warnings in the next turn.
  process.off('warning', onWarning);
  assert.deepEqual(
    warnings.filter(({ name }) => name === 'MaxListenersExceededWarning'),
    [],
  );
});
