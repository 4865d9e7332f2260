import assert from 'node:assert/strict';
import { AsyncLocalStorage } from 'node:async_hooks';
import { inspect } from 'node:util';
import { CancelledError, createTask, currentTask, Future, gather, InvalidStateError } from '../../src/asyncio/index.ts';
import { Boom, rejects, step, test } from './support.ts';

test('a new future is pending, and can be cancelled once [AFU-01]', () => {
  const future = new Future();
  assert.deepEqual([future.done, future.cancelled], [false, false]);
  assert.equal(future.cancel(), true);
  assert.deepEqual([future.done, future.cancelled], [true, true]);
  assert.equal(future.cancel(), false);
});

test('a pending future has no result and no exception to read [AFU-02]', () => {
  const future = new Future();
  assert.throws(() => future.result(), InvalidStateError);
  assert.throws(() => future.exception(), InvalidStateError);
});

test('a future that has an outcome takes no other [AFU-03]', () => {
  const future = new Future<number>();
  future.setResult(1);
  assert.throws(() => future.setResult(2), InvalidStateError);
  assert.throws(() => future.setException(new Error()), InvalidStateError);
  assert.equal(future.result(), 1);
  assert.equal(future.exception(), null);
  const cancelled = new Future<number>();
  cancelled.cancel();
  assert.throws(() => cancelled.setResult(2), InvalidStateError);
});

test('the message of a cancellation reaches all who await or read the future [AFU-04]', async () => {
  const future = new Future();
  const reader = createTask(async () => await future);
  future.cancel('for a reason');
  await rejects(future, { name: 'CancelledError', message: 'for a reason' });
  await rejects(reader, { name: 'CancelledError', message: 'for a reason' });
  assert.throws(() => future.result(), { message: 'for a reason' });
  assert.throws(() => future.exception(), CancelledError);
});

test('callbacks run soon, in their order, also when the future is done already [AFU-06]', async () => {
  const future = new Future<number>();
  const ran: string[] = [];
  future.addDoneCallback(() => ran.push('first'));
  future.addDoneCallback((of) => ran.push(`second ${of.result()}`));
  future.setResult(1);
  assert.equal(ran.length, 0);
  await step();
  assert.deepEqual(ran, ['first', 'second 1']);
  future.addDoneCallback(() => void ran.push('late'));
  assert.equal(ran.length, 2);
  await step();
  assert.deepEqual(ran, ['first', 'second 1', 'late']);
});

test('removeDoneCallback takes back every registration of a function [AFU-07]', async () => {
  const future = new Future();
  const ran: number[] = [];
  const callback = (): void => void ran.push(1);
  future.addDoneCallback(callback);
  future.addDoneCallback(() => ran.push(2));
  future.addDoneCallback(callback);
  assert.equal(future.removeDoneCallback(callback), 2);
  future.setResult(0);
  await step();
  assert.deepEqual(ran, [2]);
});

test('callbacks that add and remove callbacks neither skip nor repeat others [AFU-08]', async () => {
  const future = new Future();
  const ran: string[] = [];
  const last = (): void => void ran.push('last');
  future.addDoneCallback(() => {
    ran.push('first');
    future.removeDoneCallback(last);
    future.addDoneCallback(() => ran.push('added'));
  });
  future.addDoneCallback(() => ran.push('second'));
  future.addDoneCallback(last);
  future.setResult(0);
  await step();
  assert.deepEqual(ran, ['first', 'second', 'last', 'added']);
});

test('setException takes an error or a class of errors, and nothing else [AFU-13]', async () => {
  const future = new Future();
  assert.throws(() => future.setException('no' as never), TypeError);
  future.setException(RangeError);
  await rejects(future, RangeError);
  assert.ok(future.exception() instanceof RangeError);
});

test('all who await a future get its outcome [AFU-14]', async () => {
  const future = new Future<number>();
  const readers = [1, 2, 3].map(() => createTask(async () => await future));
  await step();
  future.setResult(7);
  assert.deepEqual(await gather(readers), [7, 7, 7]);
});

test('then, catch and finally give promises, whatever functions they are given', async () => {
  const future = new Future<number>();
  const two = future.then((value) => value + 1, null);
  const three = future.then(
    (value) => value + 2,
    () => 0,
  );
  const map = new Map([[1, 'one']]);
  const bound = future.then(map.get.bind(map), map.get.bind(map) as never);
  let isOver = false;
  const same = future.finally(() => void (isOver = true));
  future.setResult(1);
  assert.deepEqual([await two, await three, await same, isOver], [2, 3, 1, true]);
  assert.equal(await bound, 'one');
  assert.equal(await future.toPromise(), 1);
  const failed = new Future<number>();
  failed.setException(new Error('no'));
  assert.equal(await failed.catch(() => 5), 5);
});

test('of a function of a promise and one of your own, each is called as by a promise', async () => {
  const outcomes = {
    value: (future: Future<number>) => future.setResult(1),
    error: (future: Future<number>) => future.setException(new Boom('no')),
  };
  for (const [name, settle] of Object.entries(outcomes)) {
    for (const isDone of [true, false]) {
      const future = new Future<number>();
      if (isDone) settle(future);
      let isSync = true;
      const ran: string[] = [];
      const promise = new Promise<number>((resolve) => {
        const next = future.then(resolve, (error: Error) => {
          ran.push(isSync ? 'too early' : error.message);
          resolve(0);
        });
        assert.ok(next instanceof Promise);
        next.then(() => ran.push('next'), assert.ifError);
      });
      const mirrored = new Promise<number>((resolve, reject) => {
        const next = future.then((value: number) => {
          ran.push(isSync ? 'too early' : `value ${value}`);
          resolve(value);
        }, reject);
        assert.ok(next instanceof Promise);
      });
      isSync = false;
      if (!isDone) settle(future);
      assert.equal(await promise, name === 'value' ? 1 : 0);
      if (name === 'value') assert.equal(await mirrored, 1);
      else await rejects(mirrored, /no/);
      await step();
      assert.deepEqual(
        ran.toSorted((a, b) => a.localeCompare(b)),
        name === 'value' ? ['next', 'value 1'] : ['next', 'no'],
        `${name} ${isDone}`,
      );
    }
  }
});

test('who awaits what is done is cut all the same when a cancellation is due', async () => {
  const done = new Future<number>();
  done.setResult(1);
  const seen: string[] = [];
  const task = createTask(async () => {
    currentTask()!.cancel('due');
    await new Promise<void>((resolve) => {
      void done.then(resolve as never, (error: Error) => {
        seen.push(error.message);
        resolve();
      });
    });
    currentTask()!.cancel('due again');
    await done;
  });
  await rejects(task, { name: 'CancelledError', message: 'due again' });
  assert.deepEqual(seen, ['due']);
});

test('a callback runs in the asynchronous context of its registration [TSK-29]', async () => {
  const storage = new AsyncLocalStorage<string>();
  const future = new Future();
  const seen: (string | undefined)[] = [];
  storage.run('mine', () => future.addDoneCallback(() => seen.push(storage.getStore())));
  storage.run('of who settles it', () => future.setResult(0));
  await step();
  assert.deepEqual(seen, ['mine']);
});

test('a future shows its state', () => {
  const future = new Future<string>();
  assert.equal(inspect(future), '<Future pending>');
  future.setResult('x');
  assert.equal(inspect(future), "<Future done 'x'>");
});
