import assert from 'node:assert/strict';
import {
  CancelledError,
  CancelScope,
  createTask,
  currentTask,
  ExceptionGroup,
  Future,
  select,
  shield,
  sleep,
  type Task,
  TaskGroup,
  Timeout,
  timeout,
  timeoutAt,
  TimeoutError,
  waitFor,
} from '../../src/asyncio/index.ts';
import { deferred } from '../../src/base/deferred.ts';
import { LONG, SHORT } from '../support/patience.ts';
import { Boom, boom, forever, rejects, step, test } from './support.ts';

const now = (): number => performance.now();

test('when the time is up, what is awaited inside is cancelled and TimeoutError comes out [TMO-01 TMO-05]', async () => {
  let scope: Timeout | undefined;
  let inside: unknown;
  const timed = timeout(2, async (given) => {
    scope = given;
    try {
      await forever();
    } catch (error) {
      inside = error;
      throw error;
    }
  });
  await rejects(timed, (error: TimeoutError) => error instanceof TimeoutError && error.cause === inside);
  assert.ok(inside instanceof CancelledError);
  assert.equal(scope?.expired, true);
});

test('a body that ends in time gives its value [TMO-02]', async () => {
  let scope: Timeout | undefined;
  const value = await timeout(LONG, async (given) => {
    scope = given;
    await sleep(1);
    return 5;
  });
  assert.equal(value, 5);
  assert.equal(scope?.expired, false);
  assert.ok(scope!.when! > now());
});

test('a deadline that has passed cuts the first wait, also one for the next turn; what does not wait ends in time', async () => {
  const turns: string[] = [];
  const late = async (scope: Timeout): Promise<void> => {
    if (turns.push('begun') === 3) scope.reschedule(now() - 1);
    await sleep(0);
    turns.push('went on');
  };
  await rejects(timeout(0, late), TimeoutError);
  await rejects(timeoutAt(now() - 1, late), TimeoutError);
  await rejects(timeout(LONG, late), TimeoutError);
  assert.deepEqual(turns, ['begun', 'begun', 'begun']);
  assert.equal(await timeout(0, () => 5), 5);
  let scope: Timeout | undefined;
  const moved = timeout(LONG, async (given) => {
    (scope = given).reschedule(now() - 1);
    given.reschedule(now() + LONG);
    await sleep(0);
    return 6;
  });
  assert.equal(await moved, 6);
  assert.equal(scope!.expired, false);
  await rejects(
    timeout(0, (outer) => timeout(0, (inner) => sleep(0).finally(() => turns.push(`${outer.expired} ${inner.expired}`)))),
    TimeoutError,
  );
  assert.equal(turns.at(-1), 'true true');
});

test('null sets no limit [TMO-03]', async () => {
  await timeout(null, async (scope) => {
    await sleep(1);
    assert.equal(scope.when, null);
  });
});

test('a deadline that has passed cuts the first await; a negative time is refused', async () => {
  await rejects(timeout(0, forever), TimeoutError);
  await rejects(timeoutAt(now() - 10, forever), TimeoutError);
  assert.throws(() => void timeout(-11, forever), { name: 'RangeError', code: 'ERR_TIMEOUT' });
  assert.throws(() => void timeout(NaN, forever), RangeError);
  assert.throws(() => void timeout(1, Promise.resolve() as never), TypeError);
});

test('of two time-outs at once the outer one turns it into TimeoutError; both have expired [TMO-06]', async () => {
  const deadline = now() + 5;
  let outer: Timeout | undefined;
  let inner: Timeout | undefined;
  const timed = timeoutAt(deadline, async (one) => {
    outer = one;
    await timeoutAt(deadline, async (other) => {
      inner = other;
      // Both deadlines pass while nothing runs.
      const end = now() + 10;
      while (now() < end);
      await forever();
    });
  });
  await rejects(timed, TimeoutError);
  assert.deepEqual([outer?.expired, inner?.expired], [true, true]);
});

test('a time-out that is entered when its deadline and that of the one around it have passed expires together with that one', async () => {
  const deadline = now() + 1;
  const outer = new Timeout(deadline);
  const inner = new Timeout(deadline);
  const timed = outer.run(async () => {
    while (now() <= deadline);
    await inner.run(forever);
  });
  await rejects(timed, TimeoutError);
  assert.deepEqual([outer.expired, inner.expired], [true, true]);
});

test('the error of a shorter time-out inside can be handled, and the outer one still holds [TMO-07]', async () => {
  let handled = 0;
  const timed = timeout(SHORT, async () => {
    await rejects(timeout(1, forever), TimeoutError);
    handled++;
    await forever();
  });
  await rejects(timed, TimeoutError);
  assert.equal(handled, 1);
});

test('other errors pass unchanged, also when the time was up [TMO-08]', async () => {
  await rejects(
    timeout(LONG, () => boom()),
    Boom,
  );
  const inCleanUp = timeout(1, async () => {
    try {
      await forever();
    } finally {
      boom();
    }
  });
  await rejects(inCleanUp, Boom);
});

test('a cancellation from outside stays a CancelledError [TMO-10]', async () => {
  let scope: Timeout | undefined;
  const task = createTask(() =>
    timeout(LONG, async (given) => {
      scope = given;
      await forever();
    }),
  );
  await step();
  task.cancel();
  await rejects(task, CancelledError);
  assert.equal(scope?.expired, false);
});

test('after a TimeoutError was handled the task goes on uncancelled [TMO-11]', async () => {
  const task = createTask(async () => {
    await rejects(timeout(1, forever), TimeoutError);
    await step();
    return currentTask()?.cancelling;
  });
  assert.equal(await task, 0);
});

test('the deadline can be moved or taken away while the body runs, and at no other time [TMO-12]', async () => {
  let scope: Timeout | undefined;
  let isTried = false;
  const task = createTask(() =>
    timeout(LONG, async (given) => {
      scope = given;
      try {
        await forever();
      } finally {
        assert.throws(() => given.reschedule(null), { code: 'ERR_TIMEOUT_STATE', message: /expiring/ });
        isTried = true;
      }
    }),
  );
  await step();
  scope!.reschedule(now() + 2 * LONG);
  scope!.reschedule(null);
  assert.equal(scope?.when, null);
  scope!.reschedule(now());
  await rejects(task, TimeoutError);
  assert.equal(isTried, true);
  assert.throws(() => scope!.reschedule(null), { code: 'ERR_TIMEOUT_STATE', message: /expired/ });
  assert.throws(() => new Timeout(1).reschedule(2), { message: /not been entered/ });
  await timeout(LONG, async (given) => void (scope = given));
  assert.throws(() => scope!.reschedule(null), { message: /finished/ });
});

test('a time-out works in the clean-up after a cancellation [TMO-13]', async () => {
  const task = createTask(async () => {
    try {
      await forever();
    } finally {
      await rejects(timeout(1, forever), TimeoutError);
    }
  });
  task.cancel();
  await rejects(task, CancelledError);
});

test('a time-out is entered once [TMO-15]', async () => {
  const scope = new Timeout(now() + LONG);
  await scope.run(async () => {
    await rejects(
      scope.run(async () => {}),
      { code: 'ERR_SCOPE_USED' },
    );
  });
  await rejects(
    scope.run(async () => {}),
    { code: 'ERR_SCOPE_USED' },
  );
});

test('a time-out around a group cancels its tasks; one that fails in its clean-up comes out as a group [TMO-16]', async () => {
  let child: Task | undefined;
  const plain = timeout(2, () => TaskGroup.run(async (group) => void (child = group.createTask(forever))));
  await rejects(plain, TimeoutError);
  assert.equal(child?.cancelled, true);
  const timed = timeout(2, () =>
    TaskGroup.run(async (group) => {
      group.createTask(async () => {
        try {
          await forever();
        } finally {
          boom();
        }
      });
      await forever();
    }),
  );
  await rejects(timed, (error: ExceptionGroup) => error instanceof ExceptionGroup && error.errors[0] instanceof Boom);
});

/** Answers its cancellation by one of its own making. */
const answer = async (): Promise<void> => {
  await forever().catch(() => {
    throw new CancelledError('another one');
  });
};

const answers = async (): Promise<void> => await createTask(answer);

test('what is awaited may make another CancelledError of it: TimeoutError comes out all the same', async () => {
  await rejects(timeout(SHORT, answers), TimeoutError);
  const scope = new CancelScope();
  const left = scope.run(answers);
  scope.cancel();
  assert.equal(await left, undefined);
  assert.equal(scope.cancelCaught, true);
});

test('a cancellation that was handled before a time-out began is no reason of what ends it', async () => {
  const task = createTask(async () => {
    await forever().catch(() => {});
    await rejects(timeout(SHORT, answers), TimeoutError);
    return currentTask()?.cancelling;
  });
  await step();
  task.cancel();
  assert.equal(await task, 1);
});

test('a cancellation that comes when a select inside has its result ends what is awaited after the time-out', async () => {
  const came = new Future<string>();
  let value: unknown;
  const task = createTask(async () => {
    value = await timeout(LONG, () => select({ came, never: forever }));
    await forever();
  });
  await step();
  came.setResult('it');
  task.cancel();
  await rejects(task, CancelledError);
  assert.deepEqual(value, { key: 'came', value: 'it' });
});

test('a cancellation from outside that comes after the deadline comes out, if it is what ends the body [TMO-10]', async () => {
  const expired = new Future<void>();
  const task = createTask(() =>
    timeout(0, async () => {
      await forever().catch(() => {
        expired.setResult();
        return forever();
      });
    }),
  );
  await expired;
  task.cancel();
  await rejects(task, CancelledError);
});

test('two time-outs side by side in one task do not touch each other', async () => {
  const task = createTask(async () => {
    const outcomes = await Promise.allSettled([timeout(1, forever), timeout(LONG, () => sleep(SHORT, 'value'))]);
    return outcomes.map(({ status }) => status);
  });
  assert.deepEqual(await task, ['rejected', 'fulfilled']);
});

test('waitFor gives the value when it comes in time, or without a limit [WFO-01]', async () => {
  assert.equal(await waitFor(async () => 'done'), 'done');
  assert.equal(await waitFor(async () => 'done', { timeout: null }), 'done');
  assert.equal(await waitFor(() => sleep(1, 3), { timeout: LONG }), 3);
});

test('waitFor cancels what is late, and waits for its end [WFO-02]', async () => {
  let isCleanedUp = false;
  const task = createTask(async () => {
    try {
      await forever();
    } finally {
      await sleep(1);
      isCleanedUp = true;
    }
  });
  await rejects(waitFor(task, { timeout: 2 }), TimeoutError);
  assert.deepEqual([isCleanedUp, task.cancelled], [true, true]);
});

test('waitFor with no time gives what is done already, and starts nothing', async () => {
  const done = new Future<string>();
  done.setResult('done');
  assert.equal(await waitFor(done, { timeout: 0 }), 'done');
  await rejects(
    waitFor(async () => assert.fail('it never starts'), { timeout: 0 }),
    TimeoutError,
  );
  await rejects(waitFor(done, { timeout: -1 }), { code: 'ERR_TIMEOUT' });
  const late = createTask(forever);
  await rejects(waitFor(late, { timeout: 0 }), TimeoutError);
  assert.equal(late.cancelled, true);
});

test('waitFor gives the value, or the error, that a late one ends with all the same [WFO-04 WFO-05]', async () => {
  const value = waitFor(
    async () => {
      try {
        return await forever();
      } catch {
        return 42;
      }
    },
    { timeout: 2 },
  );
  assert.equal(await value, 42);
  const error = waitFor(
    async () => {
      try {
        await forever();
      } finally {
        boom();
      }
    },
    { timeout: 2 },
  );
  await rejects(error, Boom);
});

test('cancelling who waits in waitFor cancels what is waited for, and what comes after does not run [WFO-06 WFO-07]', async () => {
  const inner = createTask(forever);
  let after = false;
  const outer = createTask(async () => {
    await waitFor(inner, { timeout: LONG });
    after = true;
  });
  await step();
  outer.cancel();
  await rejects(outer, CancelledError);
  assert.deepEqual([inner.cancelled, after], [true, false]);
  const racing = new Future<void>();
  const racer = createTask(async () => {
    await waitFor(racing, { timeout: LONG });
    await sleep(1e6);
  });
  await step();
  racing.setResult();
  racer.cancel();
  await rejects(racer, CancelledError);
});

test('waitFor of a shield leaves what is inside alone; its signal ends it', async () => {
  const inner = createTask(() => sleep(SHORT, 'done'));
  await rejects(waitFor(shield(inner), { timeout: 1 }), TimeoutError);
  assert.equal(await inner, 'done');
  const controller = new AbortController();
  const waiting = waitFor(forever, { signal: controller.signal });
  controller.abort(new Boom('aborted'));
  await rejects(waiting, Boom);
});

test('a CancelScope ends what it holds, and what comes after goes on', async () => {
  const task = createTask(async () => {
    const scope = new CancelScope();
    const value = await scope.run(async () => {
      scope.cancel();
      await forever();
    });
    await step();
    return [value, scope.cancelCalled, scope.cancelCaught];
  });
  assert.deepEqual(await task, [undefined, true, true]);
  assert.equal(await CancelScope.run(async () => 5), 5);
});

test('a sticky scope cuts every await until it is left', async () => {
  const cuts: string[] = [];
  await CancelScope.run(
    async (scope) => {
      scope.cancel('enough');
      for (let i = 0; i < 2; i++) await step().catch((error: Error) => cuts.push(error.message));
    },
    { sticky: true },
  );
  assert.deepEqual(cuts, ['enough', 'enough']);
});

test('a shielded scope keeps cancellation outside until it is left', async () => {
  const seen: string[] = [];
  const task = createTask(async () => {
    await CancelScope.run(
      async () => {
        await sleep(1);
        await sleep(1);
        seen.push('saved');
      },
      { shield: true },
    );
    await step();
    seen.push('never');
  });
  await step();
  task.cancel();
  await rejects(task, CancelledError);
  assert.deepEqual(seen, ['saved']);
});

test('of two cancellations that a part of a task has missed, the one that was for the whole task is not lost', async () => {
  const gate = deferred<void>();
  const outer = new CancelScope();
  const stages: string[] = [];
  const fails = async (): Promise<never> => {
    await gate.promise;
    boom();
  };
  const task = createTask(async () => {
    await outer.run(() => CancelScope.run(() => rejects(createTask(fails), Boom)));
    stages.push('left');
    await step();
    stages.push('went on');
  });
  await step();
  task.cancel();
  outer.cancel();
  gate.resolve(undefined);
  await rejects(task, CancelledError);
  assert.deepEqual(stages, ['left']);
});
