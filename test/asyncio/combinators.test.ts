import assert from 'node:assert/strict';
import { expectTypeOf } from 'expect-type';
import { setTimeout as foreignSleep } from 'node:timers/promises';
import {
  asCompleted,
  CancelledError,
  createTask,
  FIRST_COMPLETED,
  FIRST_EXCEPTION,
  Future,
  gather,
  select,
  shield,
  sleep,
  type Task,
  TimeoutError,
  wait,
} from '../../src/asyncio/index.ts';
import { LONG } from '../support/patience.ts';
import { Boom, boom, forever, rejects, step, test } from './support.ts';

const failed = async (): Promise<never> => {
  await step();
  return boom();
};

test('gather gives the results in the order of its arguments [GAT-01 GAT-05]', async () => {
  assert.deepEqual(await gather([() => sleep(3, 1), () => sleep(1, 2), async () => 3, Promise.resolve(4)]), [1, 2, 3, 4]);
  const mixed: [number, string] = await gather(
    () => sleep(1, 1),
    async () => 'a',
  );
  assert.deepEqual(mixed, [1, 'a']);
  assert.deepEqual(await gather(), []);
  assert.deepEqual(await gather([]), []);
  assert.deepEqual(await gather(createTask(async () => 1)), [1]);
});

test('nested gathers of functions that do not wait are done at once [EAG-08]', () => {
  const inner = (): number => gather([() => 1, () => 2]).result().length;
  const outer = gather([inner, inner]);
  assert.equal(outer.done, true);
  assert.deepEqual(outer.result(), [2, 2]);
});

test('the first error ends gather; the others go on, and are not reported [GAT-02]', async () => {
  const [one, two, three] = [new Future<number>(), new Future<number>(), new Future<number>()];
  const gathered = gather([one, two, three]);
  one.setResult(1);
  two.setException(new Boom());
  assert.equal(gathered.done, true);
  await rejects(gathered, Boom);
  three.setException(new Boom('nobody looks'));
});

test('with returnExceptions errors stand in the results [GAT-04]', async () => {
  const cancelled = new Future();
  cancelled.cancel();
  const [value, error, cancellation] = await gather([async () => 1, failed, cancelled], { returnExceptions: true });
  assert.equal(value, 1);
  assert.ok(error instanceof Boom);
  assert.ok(cancellation instanceof CancelledError);
});

test('a future that is given twice fills both places [GAT-06]', async () => {
  let runs = 0;
  const task = createTask(async () => ++runs);
  assert.deepEqual(await gather([task, task]), [1, 1]);
  const pending = new Future<number>();
  const both = gather([pending, pending]);
  pending.setResult(2);
  assert.deepEqual(await both, [2, 2]);
});

test('cancelling gather cancels every child; when all are done it refuses [GAT-07 GAT-09]', async () => {
  const children = [createTask(forever), createTask(forever)];
  const outer = createTask(async () => await gather(children));
  await step();
  outer.cancel();
  await rejects(outer, CancelledError);
  assert.ok(children.every((child) => child.cancelled));
  const done = gather([() => 1]);
  assert.equal(done.cancel(), false);
});

test('a child that was cancelled is an error of gather, which is not cancelled itself', async () => {
  const child = new Future();
  const gathered = gather([new Future(), child]);
  child.cancel();
  await rejects(gathered, CancelledError);
  assert.equal(gathered.cancelled, false);
});

test('with returnExceptions a cancellation of gather still reaches who awaits it [GAT-10]', async () => {
  const task = createTask(async () => {
    for (;;) await gather([() => sleep(1e6)], { returnExceptions: true });
  });
  await step();
  task.cancel('m');
  await rejects(task, /m/);
});

test('wait tells done from pending and throws no error of theirs [AWT-01 AWT-02 AWT-05]', async () => {
  const failing = createTask(failed);
  const { done, pending } = await wait([failing, failing]);
  assert.deepEqual([done.size, done.has(failing), pending.size], [1, true, 0]);
  assert.ok(failing.exception() instanceof Boom);
  const [one, two] = [new Future(), new Future()];
  const both = wait([one, two], { returnWhen: FIRST_COMPLETED });
  one.setResult(1);
  two.setResult(2);
  assert.equal((await both).done.size, 2);
});

test('wait refuses nothing to wait for, and a returnWhen that it does not know', async () => {
  await rejects(wait([]), RangeError);
  await rejects(wait([new Future()], { returnWhen: 'SOMETIME' as never }), RangeError);
  await rejects(wait(new Future() as never), TypeError);
});

test('wait ends with the first one, or the first that fails [AWT-04]', async () => {
  const endless = createTask(forever);
  const soon = createTask(step);
  const first = await wait([endless, soon], { returnWhen: FIRST_COMPLETED });
  assert.deepEqual([first.done.has(soon), first.pending.has(endless as never)], [true, true]);
  const fine = createTask(step);
  const failing = createTask(failed);
  const second = await wait([endless, fine, failing], { returnWhen: FIRST_EXCEPTION });
  assert.deepEqual([second.done.has(failing), second.pending.size], [true, 1]);
  assert.ok(failing.exception() instanceof Boom);
  endless.cancel();
  await wait([endless]);
});

test('the time of wait cancels nothing; nor does cancelling who waits [AWT-06 AWT-07]', async () => {
  const inner = createTask(forever);
  const { pending } = await wait([inner], { timeout: 1 });
  assert.equal(pending.has(inner), true);
  const outer = createTask(async () => await wait([inner]));
  await step();
  outer.cancel();
  await rejects(outer, CancelledError);
  assert.equal(inner.done, false);
  inner.cancel();
  await wait([inner]);
});

test('asCompleted hands out those that are done, then the others as they end, each once [ASC-01 ASC-04 ACO-02 ACO-05]', async () => {
  const done = createTask(async () => 'done');
  const [late, early] = [new Future<string>(), new Future<string>()];
  const seen: [number, Future<string>][] = [];
  for await (const { index, task } of asCompleted([late, early, done, early])) {
    expectTypeOf(task).toEqualTypeOf<Future<string>>();
    seen.push([index, task]);
    assert.equal(task.done, true);
    if (seen.length === 1) early.setResult('early');
    if (seen.length === 2) late.setResult('late');
  }
  assert.deepEqual(seen, [
    [2, done],
    [1, early],
    [0, late],
  ]);
});

test('asCompleted hands out the tasks that were given, with their type, and those of functions', async () => {
  const named = [1, 2].map((n) => createTask(async () => n, { name: `number ${n}` }));
  const names: string[] = [];
  for await (const { task } of asCompleted(named)) {
    expectTypeOf(task).toEqualTypeOf<Task<number>>();
    names.push(task.name);
    expectTypeOf(await task).toEqualTypeOf<number>();
  }
  assert.deepEqual(names, ['number 1', 'number 2']);
  for await (const { task } of asCompleted([async () => 'of a function'])) {
    expectTypeOf(task).toEqualTypeOf<Future<string>>();
    assert.equal(task.result(), 'of a function');
  }
});

test('a plain loop over asCompleted has a promise for each outcome, in the order in which they come', async () => {
  const [late, early, failing] = [new Future<string>(), new Future<string>(), new Future<string>()];
  const seen: string[] = [];
  setImmediate(() => early.setResult('early'));
  for (const next of asCompleted([late, early, failing, early])) {
    expectTypeOf(next).toEqualTypeOf<Promise<string>>();
    seen.push(await next.catch((error: Error) => error.constructor.name));
    if (seen.length === 1) failing.setException(new Boom());
    if (seen.length === 2) late.setResult('late');
  }
  assert.deepEqual(seen, ['early', 'Boom', 'late']);
  const outcomes = await Promise.allSettled(asCompleted([late, new Future<string>(), new Future<string>()], { timeout: 5 }));
  assert.deepEqual(
    outcomes.map((one) => (one.status === 'fulfilled' ? one.value : (one.reason as Error).name)),
    ['late', 'TimeoutError', 'TimeoutError'],
  );
  const shared = asCompleted([late]);
  const [only] = [...shared];
  assert.equal((await shared.next()).done, true);
  assert.equal(await only, 'late');
});

test('who waits in a plain loop over asCompleted can be cancelled', async () => {
  const task = createTask(async () => {
    for (const next of asCompleted([new Future<void>()])) await next;
  });
  await step();
  task.cancel();
  await rejects(task, CancelledError);
});

test('asCompleted throws TimeoutError after those that were in time; it can be paused [ASC-02 ACO-03 ACO-04]', async () => {
  const endless = new Future<string>();
  const completed = asCompleted([createTask(async () => 'a'), endless], { timeout: 5 });
  assert.equal((await completed.next()).value?.task.result(), 'a');
  await rejects(completed.next(), TimeoutError);
  const resumed = asCompleted([createTask(() => sleep(1, 1)), createTask(() => sleep(2, 2))]);
  for await (const { task } of { [Symbol.asyncIterator]: () => ({ next: () => resumed.next() }) }) {
    assert.equal(task.result(), 1);
    break;
  }
  assert.equal((await resumed.next()).value?.task.result(), 2);
  assert.equal((await resumed.next()).done, true);
});

test('who waits in asCompleted can be cancelled, and loses nothing', async () => {
  const future = new Future<number>();
  const completed = asCompleted([future]);
  const task = createTask(async () => await completed.next());
  await step();
  task.cancel();
  await rejects(task, CancelledError);
  future.setResult(1);
  assert.equal((await completed.next()).value?.task, future);
});

test('shield passes value and error through; cancelling it leaves the inside alone [SHI-01 SHI-02]', async () => {
  const future = new Future<number>();
  const outer = shield(future);
  future.setResult(42);
  assert.equal(await outer, 42);
  const failing = new Future();
  const failed = shield(failing);
  failing.setException(new Boom());
  await rejects(failed, Boom);
  const gate = new Future<void>();
  const inner = createTask(async () => {
    await gate;
    return 'done';
  });
  const task = createTask(async () => await shield(inner));
  await step();
  task.cancel();
  await rejects(task, CancelledError);
  gate.setResult();
  assert.equal(await inner, 'done');
});

test('cancelling the inside cancels the shield; what is done needs none [SHI-03 SHI-06]', async () => {
  const future = new Future();
  const outer = shield(future);
  future.cancel();
  assert.equal(outer.cancelled, true);
  const done = new Future<number>();
  done.setResult(1);
  assert.equal(shield(done), done);
});

test('a shield of gather keeps all its children; a gather of shields cancels the shields only [SHI-07]', async () => {
  const [one, two] = [new Future<number>(), new Future<number>()];
  const gathered = gather([one, two]);
  shield(gathered).cancel();
  one.setResult(1);
  two.setResult(2);
  assert.deepEqual(gathered.result(), [1, 2]);
  const inner = new Future();
  const shielded = shield(inner);
  const outer = gather([shielded]);
  outer.cancel();
  assert.deepEqual([shielded.cancelled, inner.cancelled], [true, false]);
  await rejects(outer, CancelledError);
});

test('sleep gives its result after its time; NaN and negative times are refused [SLP-01]', async () => {
  assert.equal(await sleep(1, 'result'), 'result');
  assert.equal(await sleep(0, 'result'), 'result');
  for (const ms of [NaN, -1]) assert.throws(() => void sleep(ms), { name: 'RangeError', code: 'ERR_TIMEOUT' });
  assert.throws(() => void sleep('1' as never), TypeError);
});

test('those that sleep wake in the order of their times, and of their coming', async () => {
  const order: string[] = [];
  const sleeper = (name: string, ms: number) => async (): Promise<void> => {
    await sleep(ms);
    order.push(name);
  };
  // Where this thread had to stand still between the first one and the last, their times are in another order.
  for (let took = Infinity; took >= 10;) {
    order.length = 0;
    const begin = performance.now();
    const all = gather([sleeper('30', 30), sleeper('5', 5), sleeper('5 again', 5), sleeper('15', 15), sleeper('5 at last', 5)]);
    took = performance.now() - begin;
    await all;
  }
  assert.deepEqual(order, ['5', '5 again', '5 at last', '15', '30']);
});

test('a sleep that is cancelled leaves no timer that would keep the program alive [SLP-02]', async () => {
  const task = createTask(() => sleep(LONG));
  await step();
  task.cancel();
  await rejects(task, CancelledError);
  // The process of this test would not end before its time otherwise.
});

test('sleep(0) lets all that are ready run once [SLP-03]', async () => {
  const order: number[] = [];
  const tasks = [1, 2, 3].map((n) =>
    createTask(async () => {
      await sleep(0);
      order.push(n);
    }),
  );
  await sleep(0);
  assert.deepEqual(order, [1, 2, 3]);
  await gather(tasks);
});

test('select gives the first and cancels the others, which have ended then', async () => {
  let isCleanedUp = false;
  const first = await select({
    quick: () => sleep(1, 'value'),
    slow: async () => {
      try {
        await forever();
      } finally {
        await sleep(1);
        isCleanedUp = true;
      }
    },
  });
  assert.deepEqual(first, { key: 'quick', value: 'value' });
  assert.equal(isCleanedUp, true);
  await rejects(select({ bad: failed, slow: forever }), Boom);
});

test('a cancellation of who selects cancels all cases', async () => {
  const cases = { one: createTask(forever), two: createTask(forever) };
  const task = createTask(() => select(cases));
  await step();
  task.cancel();
  await rejects(task, CancelledError);
  await step();
  assert.deepEqual([cases.one.cancelled, cases.two.cancelled], [true, true]);
});

test('what another case of a select had got all the same is handed over', async () => {
  const leftovers: [string, unknown][] = [];
  const [one, two] = [new Future<number>(), new Future<number>()];
  one.setResult(1);
  two.setResult(2);
  const first = await select({ one, two }, { leftover: (value, key) => leftovers.push([key, value]) });
  assert.deepEqual(first, { key: 'one', value: 1 });
  assert.deepEqual(leftovers, [['two', 2]]);
  await foreignSleep(0);
});
