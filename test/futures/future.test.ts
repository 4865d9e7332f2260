import assert from 'node:assert/strict';
import { expectTypeOf } from 'expect-type';
import { asCompleted, FIRST_COMPLETED, FIRST_EXCEPTION, Future, gather, wait } from '../../src/futures/index.ts';
import { Event, Thread } from '../../src/threading/index.ts';
import { SHORT } from '../support/patience.ts';
import { test } from '../support/test.ts';
import { until } from '../support/until.ts';
import { collectGarbage } from '../support/garbage.ts';

const failure = new RangeError('no');

function running(): Future<number> {
  const future = new Future<number>();
  assert.equal(future.setRunningOrNotifyCancel(), true);
  return future;
}
function succeeded(value = 42): Future<number> {
  const future = running();
  future.setResult(value);
  return future;
}
function failed(error: unknown = failure): Future<number> {
  const future = running();
  future.setException(error);
  return future;
}
function cancelled(): Future<number> {
  const future = new Future<number>();
  assert.equal(future.cancel(), true);
  return future;
}

test('cancel takes back what has not begun, and nothing else [FUT-01 FUT-02 FUT-04]', async () => {
  assert.equal(cancelled().cancelled, true);
  assert.equal(cancelled().cancel(), true);
  const begun = running();
  assert.equal(begun.cancel(), false);
  assert.equal(begun.running, true);
  for (const future of [succeeded(), failed()]) {
    assert.equal(future.cancel(), false);
    assert.equal(future.cancelled, false);
    assert.equal(future.done, true);
  }
  assert.equal(await succeeded(), 42);
});

test('cancelled, running and done tell one state [FUT-05 FUT-06 FUT-07]', () => {
  const states = [new Future<number>(), running(), cancelled(), succeeded(), failed()];
  assert.deepEqual(
    states.map(({ cancelled: c, running: r, done: d }) => [c, r, d]),
    [
      [false, false, false],
      [false, true, false],
      [true, false, true],
      [false, false, true],
      [false, false, true],
    ],
  );
});

test('result gives the value, the very error, CancelledError, or TimeoutError in time [FUT-09 FUT-10]', async () => {
  assert.equal(await succeeded().result({ timeout: 0 }), 42);
  assert.equal(succeeded().resultSync(), 42);
  await assert.rejects(failed().result({ timeout: 0 }), (error) => error === failure);
  assert.throws(
    () => failed().resultSync(),
    (error) => error === failure,
  );
  await assert.rejects(cancelled().result({ timeout: 0 }), { name: 'CancelledError' });
  assert.throws(() => cancelled().resultSync({ timeout: 0 }), { name: 'CancelledError' });
  await assert.rejects(new Future().result({ timeout: 1 }), { name: 'TimeoutError' });
  const reason = new Error('enough');
  await assert.rejects(new Future().result({ signal: AbortSignal.abort(reason) }), (error) => error === reason);
});

test('exception gives the error or null', async () => {
  assert.equal(await succeeded().exception(), null);
  assert.equal(await failed().exception(), failure);
  assert.equal(failed().exceptionSync(), failure);
  await assert.rejects(cancelled().exception(), { name: 'CancelledError' });
});

test('a future can be awaited before and after its end, any number of times', async () => {
  const future = new Future<number>();
  const both = Promise.all([future, future.then((value) => value + 1), future.finally(() => {})]);
  future.setResult(1);
  assert.deepEqual(await both, [1, 2, 1]);
  assert.equal(await failed().catch((error: unknown) => (error === failure ? 7 : 0)), 7);
  await assert.rejects(async () => await cancelled(), { name: 'CancelledError' });
});

test('a failed future that nobody asks is no unhandled rejection', async () => {
  failed();
  await new Promise(setImmediate);
});

test('done callbacks run once, in their order, with the future [FUT-15 FUT-16 FUT-17 FUT-19]', () => {
  const seen: string[] = [];
  const note =
    (name: string) =>
    (future: Future<number>): void =>
      void seen.push(`${name} ${future.done} ${future.cancelled}`);
  const first = new Future<number>();
  first.addDoneCallback(note('a'));
  first.addDoneCallback(note('b'));
  first.setResult(1);
  first.addDoneCallback(note('c'));
  const second = new Future<number>();
  second.addDoneCallback((future) => seen.push(String(future.exceptionSync())));
  second.setException(failure);
  const third = new Future<number>();
  third.addDoneCallback(note('d'));
  third.cancel();
  assert.deepEqual(seen, ['a true false', 'b true false', 'c true false', 'RangeError: no', 'd true true']);
});

test('a callback that throws is reported, and the others run [FUT-20]', () => {
  const seen: number[] = [];
  const future = new Future<number>();
  future.addDoneCallback(() => {
    throw new Error('reported by a test');
  });
  future.addDoneCallback(() => seen.push(1));
  future.setResult(1);
  future.addDoneCallback(() => {
    throw new Error('reported by a test, too');
  });
  assert.deepEqual(seen, [1]);
});

test('a future is set once [FUT-21 FUT-22]', async () => {
  for (const future of [succeeded(), failed(), cancelled()]) {
    assert.throws(() => future.setResult(2), { name: 'InvalidStateError' });
    assert.throws(() => future.setException(new Error()), { name: 'InvalidStateError' });
  }
  assert.equal(await succeeded(), 42);
  const future = cancelled();
  assert.equal(future.setRunningOrNotifyCancel(), false);
  assert.throws(() => succeeded().setRunningOrNotifyCancel(), { name: 'InvalidStateError' });
});

test('waiting by blocking for what only this thread can set is refused', () => {
  assert.throws(() => new Future().resultSync(), { name: 'StateError', code: 'ERR_FUTURE_DEADLOCK' });
});

test('a thread that blocks in a result goes on when another one sets it, or cancels it [FUT-11 FUT-12 FUT-14]', async () => {
  const value = new Future<string>();
  const setter = new Thread({ target: () => value.setResult('from there') });
  setter.start();
  assert.equal(value.resultSync(), 'from there');
  assert.equal(await value, 'from there');
  const [ready, future] = [new Event(), new Future<number>()];
  const ends = [new Future<string>(), new Future<string>()];
  const waiters = ends.map(
    (end, i) =>
      new Thread({
        target: () => {
          ready.set();
          try {
            end.setResult(String(i === 0 ? future.resultSync() : future.exceptionSync()));
          } catch (error) {
            end.setResult((error as Error).name);
          }
        },
      }),
  );
  for (const waiter of waiters) waiter.start();
  await ready.wait();
  assert.equal(future.cancel(), true);
  assert.deepEqual(await gather(ends), ['CancelledError', 'CancelledError']);
  for (const thread of [setter, ...waiters]) await thread.join();
});

test('a future that has been sent is the same future: state, error and callbacks come home', async () => {
  const future = new Future<number>();
  const seen: unknown[] = [];
  future.addDoneCallback((one) => seen.push(one.exceptionSync()));
  const thread = new Thread({
    target: () => {
      if (!future.setRunningOrNotifyCancel()) throw new Error('cancelled');
      future.setException(new TypeError('there'));
    },
  });
  thread.start();
  await assert.rejects(async () => await future, { name: 'TypeError', message: 'there' });
  assert.equal((seen[0] as Error).message, 'there');
  assert.throws(() => future.setResult(1), { name: 'InvalidStateError' });
  await thread.join();
  const done = succeeded(7);
  const copy = new Future<number>();
  const reader = new Thread({ target: () => copy.setResult(done.resultSync() + 1) });
  reader.start();
  assert.equal(await copy, 8);
  await reader.join();
});

test('wait tells what is done and what is not [WAI-01 WAI-06 WAI-07]', async () => {
  const pending = new Future<number>();
  const ended = succeeded();
  const { done, notDone } = await wait([ended, pending, ended], { timeout: SHORT });
  assert.deepEqual([[...done], [...notDone]], [[ended], [pending]]);
  const all = [failed(), cancelled(), succeeded()];
  assert.equal((await wait(all)).done.size, 3);
  assert.equal((await wait([])).done.size, 0);
});

test('wait comes back at the first that is done, or the first that fails [WAI-02 WAI-04 WAI-05]', async () => {
  const [a, b, c] = [new Future<number>(), new Future<number>(), new Future<number>()];
  const first = wait([a, b], { returnWhen: FIRST_COMPLETED });
  a.setResult(1);
  assert.deepEqual([...(await first).notDone], [b]);
  const second = wait([a, b, c, cancelled()], { returnWhen: FIRST_EXCEPTION });
  let back = false;
  void second.then(() => (back = true));
  await new Promise(setImmediate);
  assert.equal(back, false);
  b.setException(failure);
  assert.deepEqual([...(await second).notDone], [c]);
  assert.equal((await wait([failed(), c], { returnWhen: FIRST_EXCEPTION })).notDone.size, 1);
  await assert.rejects(wait([c], { returnWhen: 'soon' as never }), TypeError);
});

test('asCompleted gives each future once, those that are done first [ASC-01 ASC-04]', async () => {
  const [a, b, done, gone] = [new Future<number>(), new Future<number>(), succeeded(), cancelled()];
  const seen: unknown[] = [];
  setImmediate(() => b.setException(failure));
  b.addDoneCallback(() => setImmediate(() => a.setResult(1)));
  for await (const future of asCompleted(new Set([a, b, done, gone, a]))) {
    // TypeScript takes what an AsyncIterableIterator gives as awaited.
    expectTypeOf(future).toEqualTypeOf<Future<number>>();
    seen.push(future);
  }
  assert.deepEqual(seen, [done, gone, b, a]);
});

test('asCompleted gives what is done and then says that time was up [ASC-02]', async () => {
  const [done, pending] = [succeeded(), new Future<number>()];
  const seen: unknown[] = [];
  await assert.rejects(
    async () => {
      for await (const future of asCompleted([pending, done], { timeout: SHORT })) seen.push(future);
    },
    { name: 'TimeoutError', message: /^1 of 2 futures/ },
  );
  assert.deepEqual(seen, [done]);
});

test('asCompleted does not keep what it has given out [ASC-05]', async () => {
  let future: Future<number> | undefined = succeeded();
  const kept = new WeakRef(future);
  const completed = asCompleted([future, new Future<number>()]);
  await completed.next();
  future = undefined;
  await until(() => {
    collectGarbage();
    return kept.deref() === undefined;
  });
});

test('gather gives the results in order, or the first error', async () => {
  assert.deepEqual(await gather([succeeded(1), succeeded(2)]), [1, 2]);
  assert.deepEqual(await gather([]), []);
  await assert.rejects(gather([new Future(), failed()]), (error) => error === failure);
  await assert.rejects(gather([new Future()], { timeout: SHORT }), { name: 'TimeoutError' });
});
