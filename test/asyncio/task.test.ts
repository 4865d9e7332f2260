import assert from 'node:assert/strict';
import { AsyncLocalStorage, AsyncResource } from 'node:async_hooks';
import { runInNewContext } from 'node:vm';
import { setTimeout as foreignSleep } from 'node:timers/promises';
import {
  allTasks,
  CancelledError,
  checkpoint,
  ContextVar,
  copyContext,
  createTask,
  currentSignal,
  currentTask,
  ensureFuture,
  Future,
  gather,
  isCancelled,
  KeyboardInterrupt,
  rethrowCancelled,
  Semaphore,
  sleep,
  type Task,
  timeout,
  until,
  wait,
} from '../../src/asyncio/index.ts';
import { deferred } from '../../src/base/deferred.ts';
import { Boom, boom, forever, rejects, step, test } from './support.ts';

const me = (): Task => currentTask()!;

test('a task gives what its function returns, or throws', async () => {
  assert.equal(await createTask(async () => 5), 5);
  assert.equal(await createTask(() => 6), 6);
  await rejects(
    createTask(async () => boom()),
    Boom,
  );
  await rejects(
    createTask(() => boom()),
    Boom,
  );
});

test('ensureFuture keeps a future, starts a function, follows a promise, and refuses the rest [TSK-02]', async () => {
  const future = new Future<number>();
  assert.equal(ensureFuture(future), future);
  const task = createTask(step);
  assert.equal(ensureFuture(task), task);
  assert.equal(await ensureFuture(async () => 1), 1);
  assert.equal(await ensureFuture(Promise.resolve(2)), 2);
  assert.throws(() => ensureFuture(3 as never), TypeError);
  await task;
});

test('the outcome of a task is that of its function alone [TSK-03]', async () => {
  const task = createTask(step);
  assert.throws(() => task.setResult(), { code: 'ERR_TASK_RESULT' });
  assert.throws(() => task.setException(new Error()), { code: 'ERR_TASK_RESULT' });
  await task;
});

test('a task that awaits itself gets an error [TSK-04]', async () => {
  let task: Task<void> | undefined;
  task = createTask(async () => {
    await step();
    await task;
  });
  await rejects(task, { code: 'ERR_AWAITS_ITSELF', message: /Task-\d+ cannot await itself/ });
});

test('a task has a name of its own, or the one that it is given [TSK-05]', async () => {
  const plain = createTask(step);
  const named = createTask(step, { name: 'n' });
  const numbered = createTask(step, { name: 6 as never });
  const other = createTask(step);
  for (const task of [plain, other]) assert.match(task.name, /^Task-\d+$/);
  assert.notEqual(plain.name, other.name);
  assert.deepEqual([named.name, numbered.name], ['n', '6']);
  named.name = 'z';
  assert.equal(named.name, 'z');
  await gather([plain, other, named, numbered]);
});

test('a task that has ended is not cancelled any more', async () => {
  const task = createTask(forever);
  assert.equal(task.cancel(), true);
  await rejects(task, CancelledError);
  assert.equal(task.cancel(), false);
});

test('cancel throws inside the function, at what it awaits [TSK-07]', async () => {
  let seen: unknown;
  const task = createTask(async () => {
    try {
      await sleep(1e6);
    } catch (error) {
      seen = error;
      throw error;
    }
  });
  task.cancel();
  await rejects(task, CancelledError);
  assert.ok(seen instanceof CancelledError);
  assert.equal(task.cancelled, true);
});

test('cancelling a task cancels the future that it awaits [TSK-08]', async () => {
  const future = new Future();
  const task = createTask(async () => await future);
  task.cancel();
  await rejects(task, CancelledError);
  assert.equal(future.cancelled, true);
});

test('cancelling the future cancels the task that awaits it; both at once are one cancellation [TSK-09 TSK-10]', async () => {
  const future = new Future();
  const task = createTask(async () => await future);
  future.cancel();
  await rejects(task, CancelledError);
  assert.equal(task.cancelled, true);
  const other = new Future();
  const both = createTask(async () => await other);
  other.cancel();
  both.cancel();
  await rejects(both, CancelledError);
  assert.deepEqual([both.cancelled, other.cancelled], [true, true]);
});

test('a task may answer a cancellation with a value', async () => {
  const task = createTask(async () => {
    try {
      return await forever();
    } catch {
      return 42;
    }
  });
  task.cancel();
  assert.equal(await task, 42);
  assert.equal(task.cancelled, false);
});

test('a cancellation ends one await; later ones are not cut [TSK-12]', async () => {
  const second = new Future<number>();
  const task = createTask(async () => {
    try {
      await forever();
    } catch {
      // It goes on.
    }
    return await second;
  });
  task.cancel();
  await step();
  second.setResult(42);
  assert.equal(await task, 42);
});

test('a task that cancels itself is cut at its next await, or when it returns [TSK-13 TSK-14]', async () => {
  const atAwait = createTask(async () => {
    await step();
    me().cancel();
    await sleep(1e6);
  });
  await rejects(atAwait, CancelledError);
  const atEnd = createTask(async () => {
    await step();
    me().cancel();
    return 12;
  });
  await rejects(atEnd, CancelledError);
  assert.deepEqual([atAwait.cancelled, atEnd.cancelled], [true, true]);
});

test('a task that cancels itself and then awaits another cancels that too [TSK-15]', async () => {
  const future = new Future();
  let inner: Task | undefined;
  const task = createTask(async () => {
    inner = createTask(async () => await future);
    await step();
    me().cancel();
    await inner;
  });
  await rejects(task, CancelledError);
  assert.deepEqual([inner?.cancelled, future.cancelled, task.cancelled], [true, true, true]);
});

test('a task that is cancelled before it has begun never runs', async () => {
  let ran = false;
  const task = createTask(async () => void (ran = true), { eagerStart: false });
  task.cancel('m');
  await rejects(task, /m/);
  const aborted = createTask(async () => void (ran = true), { signal: AbortSignal.abort(new Error('gone')) });
  await rejects(aborted, (error: CancelledError) => error instanceof CancelledError && (error.cause as Error).message === 'gone');
  assert.equal(ran, false);
});

test('the message, the cause or the very error that is given to cancel arrives [TSK-17]', async () => {
  const withMessage = createTask(forever);
  withMessage.cancel('why');
  await wait([withMessage]);
  assert.throws(() => withMessage.result(), { name: 'CancelledError', message: 'why' });
  assert.throws(() => withMessage.exception(), { message: 'why' });
  const error = new CancelledError('mine');
  const withError = createTask(forever);
  withError.cancel(error);
  await rejects(withError, (thrown: unknown) => thrown === error);
  const cause = new Boom('cause');
  const withCause = createTask(forever);
  withCause.cancel(cause);
  await rejects(withCause, (thrown: CancelledError) => thrown.cause === cause);
});

test('an error in the clean-up is the outcome, and no cancellation [TSK-18]', async () => {
  const task = createTask(async () => {
    try {
      await forever();
    } catch {
      boom();
    }
  });
  task.cancel();
  await rejects(task, Boom);
  assert.equal(task.cancelled, false);
});

test('cancelling counts the requests; uncancel takes them back, not below 0 [TSK-19 TSK-20]', async () => {
  const task = createTask(async () => {
    try {
      await forever();
    } catch {
      me().uncancel();
      await forever();
    }
  });
  assert.equal(task.cancelling, 0);
  assert.equal(task.cancel(), true);
  assert.equal(task.cancelling, 1);
  await step();
  assert.equal(task.cancelling, 0);
  assert.equal(task.uncancel(), 0);
  assert.equal(task.done, false);
  task.cancel();
  await rejects(task, CancelledError);
  task.uncancel();
  assert.equal(task.cancelled, true);
  const twice = createTask(forever);
  assert.deepEqual([twice.cancel(), twice.cancel()], [true, true]);
  assert.equal(twice.cancelling, 2);
  await rejects(twice, CancelledError);
});

test('a cancellation that has not thrown yet can be taken back', async () => {
  const gate = deferred<void>();
  const task = createTask(async () => {
    await gate.promise;
    await step();
    return 42;
  });
  task.cancel();
  assert.equal(task.uncancel(), 0);
  gate.resolve(undefined);
  assert.equal(await task, 42);
});

test('a structured block can be interrupted, and what comes after it goes on [TSK-22]', async () => {
  const task = createTask(async () => {
    let isTimedOut = false;
    try {
      me().cancel();
      await forever();
    } catch (error) {
      if (!(error instanceof CancelledError)) throw error;
      if (me().uncancel() === 0) isTimedOut = true;
    }
    await step();
    return isTimedOut;
  });
  assert.equal(await task, true);
});

test('a cancellation comes out through all that awaits, innermost first [TSK-23]', async () => {
  const future = new Future();
  const seen: string[] = [];
  const inner = async (): Promise<void> => {
    try {
      await future;
    } catch (error) {
      seen.push('inner');
      throw error;
    }
  };
  const task = createTask(async () => {
    try {
      await inner();
    } catch {
      seen.push('outer');
    }
  });
  task.cancel();
  await task;
  assert.deepEqual(seen, ['inner', 'outer']);
  assert.equal(future.cancelled, true);
});

test('currentTask is right in tasks that take turns, and null outside [TSK-24]', async () => {
  assert.equal(currentTask(), null);
  const [one, two] = [new Future<void>(), new Future<void>()];
  const seen: boolean[] = [];
  const first: Task<void> = createTask(async () => {
    await step();
    seen.push(me() === first);
    await one;
    seen.push(me() === first);
    two.setResult();
    seen.push(me() === first);
  });
  const second: Task<void> = createTask(async () => {
    await step();
    seen.push(me() === second);
    one.setResult();
    seen.push(me() === second);
    await two;
    seen.push(me() === second);
  });
  await gather([first, second]);
  assert.deepEqual(seen, Array(6).fill(true));
  await createTask(async () => {
    const outer = me();
    let seenInside: unknown;
    const inner: Task<void> = createTask(async () => {
      seenInside = me();
      await step();
      assert.equal(me(), inner);
    });
    assert.deepEqual([seenInside === inner, me() === outer], [true, true]);
    await inner;
    assert.equal(me(), outer);
  });
  assert.equal(currentTask(), null);
});

test('allTasks holds the tasks that have not ended, also in their eager step [TSK-25 EAG-06]', async () => {
  const task = createTask(step);
  assert.ok(allTasks().has(task));
  await task;
  assert.ok(!allTasks().has(task));
  let seen: Set<unknown> | undefined;
  const eager = createTask(() => void (seen = allTasks()));
  assert.ok(seen?.has(eager));
  assert.ok(!allTasks().has(eager));
});

test('a task has a copy of the values of its creator, in both directions [TSK-27 EAG-07]', async () => {
  const variable = new ContextVar<string>('v', { default: 'none' });
  await createTask(async () => {
    variable.set('a');
    const task = createTask(async () => {
      const first = variable.get();
      variable.set('inner');
      await step();
      return [first, variable.get()];
    });
    assert.equal(variable.get(), 'a');
    variable.set('b');
    assert.deepEqual(await task, ['a', 'inner']);
    assert.equal(variable.get(), 'b');
  });
  assert.equal(variable.get(), 'none');
});

test('tasks that begin with the same values have their own as soon as one of them sets a variable [TSK-27]', async () => {
  const variable = new ContextVar<string>('v', { default: 'none' });
  const other = new ContextVar<string>('w');
  await createTask(async () => {
    variable.set('of all');
    const gate = new Future<void>();
    const reads = async (): Promise<string> => {
      await gate;
      return variable.get();
    };
    const sets = async (): Promise<string[]> => {
      const token = variable.set('own');
      const child = createTask(reads);
      await gate;
      const seen = [variable.get(), await child];
      variable.reset(token);
      return [...seen, variable.get(), other.get('unset')];
    };
    const tasks = [createTask(reads), createTask(sets), createTask(reads)] as const;
    other.set('later');
    variable.set('later');
    const last = createTask(reads);
    gate.setResult();
    assert.deepEqual(await gather(tasks), ['of all', ['own', 'own', 'of all', 'unset'], 'of all']);
    assert.deepEqual([await last, variable.get(), other.get()], ['later', 'later', 'later']);
  });
});

test('whatever kind of promise its function gives, a task ends with it, also where that calls back from nowhere', async () => {
  const storage = new AsyncLocalStorage<number>();
  class Own<T> extends Promise<T> {
    override then<A = T, B = never>(
      onValue?: ((value: T) => A | PromiseLike<A>) | null,
      onError?: ((error: unknown) => B | PromiseLike<B>) | null,
    ): Promise<A | B> {
      return detached.runInAsyncScope(() => super.then(onValue, onError)) as Promise<A | B>;
    }
  }
  const thenable = (isFine: boolean): PromiseLike<number> =>
    ({
      // oxlint-disable-next-line unicorn/no-thenable
      then: (onValue: (value: number) => void, onError: (error: Error) => void) =>
        void setImmediate(() => (isFine ? onValue(1) : onError(new Boom()))),
    }) as never;
  const fine: (() => PromiseLike<number>)[] = [
    async () => 1,
    () => Own.resolve(1),
    () => new Own<number>((resolve) => setImmediate(resolve, 1)),
    () => runInNewContext('Promise.resolve(1)') as Promise<number>,
    () => thenable(true),
    () => Object.assign(Promise.resolve(1), { then: () => assert.fail('await would not call it') }),
    () => storage.exit(async () => (await step(), 1)),
    async () => {
      storage.enterWith(2);
      await step();
      return 1;
    },
  ];
  for (const fn of fine) {
    const task = createTask(fn);
    assert.equal(await task, 1, String(fn));
    assert.equal(task.done, true);
  }
  for (const fn of [
    () => Own.reject(new Boom()),
    () => thenable(false),
    () => runInNewContext('Promise.reject(boom)', { boom: new Boom() }) as never,
  ])
    await rejects(createTask(fn as () => PromiseLike<number>), Boom);
});
const detached = new AsyncResource('Detached');

test('a task keeps the values that its creator has in other storages', async () => {
  const storage = new AsyncLocalStorage<string>();
  await storage.run('a', async () => {
    const task = createTask(async () => {
      await step();
      return storage.getStore();
    });
    storage.enterWith('b');
    assert.equal(await task, 'a');
  });
});

test('the values of other storages reach the tasks of tasks, and what one sets stays with it', async () => {
  const storage = new AsyncLocalStorage<string>();
  const seen: (string | undefined)[] = [];
  const look = async (): Promise<void> => {
    seen.push(storage.getStore());
    await step();
    seen.push(storage.getStore());
  };
  await createTask(async () => {
    await createTask(look);
    await createTask(async () => {
      await step();
      storage.enterWith('inner');
      await createTask(look);
      await timeout(1e9, look);
    });
    // Nothing is left of it here, where a task has no other value than ours.
    await look();
    await storage.run('around', () => createTask(() => createTask(look)));
    await createTask(look);
  });
  const [none, inner, around] = [Array<undefined>(2).fill(undefined), Array<string>(4).fill('inner'), Array<string>(2).fill('around')];
  assert.deepEqual(seen, [...none, ...inner, ...none, ...around, ...none]);
  assert.equal(currentTask(), null);
});

test('a context that is given is used in place [TSK-28]', async () => {
  const variable = new ContextVar<string>('v', { default: 'none' });
  const context = copyContext();
  await createTask(async () => void variable.set('kept'), { context });
  assert.equal(await createTask(async () => variable.get(), { context }), 'kept');
  assert.equal(variable.get(), 'none');
});

test('a task begins at once, up to its first await; or later, when told so [TSK-30 EAG-02]', async () => {
  const ran: string[] = [];
  const eager = createTask(async () => {
    ran.push('eager');
    await step();
    ran.push('eager again');
  });
  const late = createTask(async () => void ran.push('late'), { eagerStart: false });
  assert.deepEqual(ran, ['eager']);
  assert.equal(eager.done, false);
  await gather([eager, late]);
  assert.deepEqual(ran, ['eager', 'late', 'eager again']);
});

test('a task that never waits is done when createTask returns [EAG-01 EAG-03]', async () => {
  const task = createTask(() => 'x');
  assert.equal(task.done, true);
  assert.equal(task.cancel(), false);
  assert.equal(await task, 'x');
});

test('a task that waits after its eager step is cancelled with its message [EAG-04]', async () => {
  const task = createTask(forever);
  task.cancel('msg');
  assert.ok(task.cancelling > 0);
  await rejects(task, /msg/);
});

test('a generator function is a coroutine too, and can be cancelled', async () => {
  const task: Task<string> = createTask(function* () {
    const one: number = yield* createTask(async () => 1);
    try {
      yield boomLater();
    } catch (error) {
      assert.ok(error instanceof Boom);
    }
    assert.equal(me(), task);
    return `${one} and ${yield* ensureFuture(Promise.resolve(2))}`;
  });
  assert.equal(await task, '1 and 2');
  const cancelled = createTask(function* () {
    yield sleep(1e6);
  });
  cancelled.cancel();
  await rejects(cancelled, CancelledError);
});
const boomLater = async (): Promise<never> => {
  await step();
  boom();
};

test('a promise, where a function is wanted, is refused with what to do instead', () => {
  assert.throws(() => createTask(Promise.resolve() as never), {
    name: 'TypeError',
    message: /got a promise, which runs already.*until\(promise\)/,
  });
  assert.throws(() => createTask(5 as never), TypeError);
});

test('a foreign promise is made a place where the task can be cancelled by until', async () => {
  const endless = new Promise<void>(() => {});
  const task = createTask(async () => await until(endless));
  task.cancel();
  await rejects(task, CancelledError);
  assert.equal(await createTask(async () => await until(Promise.resolve(3))), 3);
  await rejects(
    createTask(async () => await until(Promise.reject(new Boom()))),
    Boom,
  );
  assert.equal(await until(Promise.resolve(4)), 4);
});

test('an AbortError by the signal of the task is its cancellation', async () => {
  const task = createTask(() => foreignSleep(1e6, undefined, { signal: currentSignal() }));
  await step();
  task.cancel('enough');
  await rejects(task, { name: 'CancelledError', message: 'enough' });
  assert.equal(task.cancelled, true);
});

test('a TimeoutError is no cancellation, though one is its cause: what lets cancellations pass handles it', async () => {
  const late = timeout(1, () => sleep(1e6));
  const error = await late.catch((reason: unknown) => reason);
  assert.equal(isCancelled(error), false);
  assert.equal(isCancelled(new KeyboardInterrupt(undefined, { cause: new CancelledError('by SIGINT') })), false);
  rethrowCancelled(error);
  assert.throws(() => rethrowCancelled(new CancelledError('enough')), CancelledError);
  assert.equal(isCancelled(new Error('aborted', { cause: new CancelledError('enough') })), true);
});

test('a task that fails by itself before a cancellation has met it gives that back to who awaits it, for the next await', async () => {
  const gate = deferred<void>();
  const stages: string[] = [];
  for (const wrap of [(failing: Task) => failing, (failing: Task) => gather([failing])]) {
    const failing = createTask(async () => {
      await gate.promise;
      boom();
    });
    const task = createTask(async () => {
      await Promise.resolve(wrap(failing)).catch(() => stages.push('failed'));
      await sleep(1e6);
      stages.push('not reached');
    });
    await step();
    gate.resolve(undefined);
    task.cancel('enough');
    await rejects(task, { name: 'CancelledError', message: 'enough' });
  }
  assert.deepEqual(stages, ['failed', 'failed']);
});

test('so does one that was granted something, and returns it', async () => {
  const semaphore = new Semaphore(0);
  let got: unknown;
  const task = createTask(async () => {
    got = await createTask(async () => await semaphore.acquire());
    await sleep(1e6);
  });
  await step();
  semaphore.release();
  task.cancel('enough');
  await rejects(task, { name: 'CancelledError', message: 'enough' });
  assert.equal(got, semaphore);
});

test('the clean-up has a fresh signal, and its awaits are not cut', async () => {
  const seen: boolean[] = [];
  const task = createTask(async () => {
    const signal = currentSignal();
    try {
      await foreignSleep(1e6, undefined, { signal });
    } catch (error) {
      assert.ok(isCancelled(error));
      seen.push(signal.aborted, currentSignal().aborted);
      await sleep(1);
      seen.push(true);
      throw error;
    }
  });
  await step();
  task.cancel();
  await rejects(task, CancelledError);
  assert.deepEqual(seen, [true, false, true]);
});

test('a cancellation that comes while the task sits in a foreign promise ends its next await', async () => {
  const gate = deferred<void>();
  const task = createTask(async () => {
    void currentSignal();
    await gate.promise;
    await checkpoint();
  });
  task.cancel();
  await step();
  gate.resolve(undefined);
  await rejects(task, CancelledError);
});

test('a branch that was left behind is cut when its task has been cancelled', async () => {
  const gate = deferred<void>();
  let branch: Promise<string> | undefined;
  const task = createTask(async () => {
    branch = (async () => {
      await gate.promise;
      try {
        await step();
        return 'alive';
      } catch (error) {
        return (error as Error).name;
      }
    })();
    await forever();
  });
  await step();
  task.cancel();
  await rejects(task, CancelledError);
  gate.resolve(undefined);
  assert.equal(await branch, 'CancelledError');
});

test('tasks that await each other in a circle can be cancelled', async () => {
  const first: Task = createTask(async () => {
    await step();
    await second;
  });
  const second: Task = createTask(async () => await first);
  await step();
  await step();
  first.cancel();
  await rejects(first, CancelledError);
  await rejects(second, CancelledError);
});

test('a signal cancels the task that it was given to', async () => {
  const controller = new AbortController();
  const task = createTask(forever, { signal: controller.signal });
  controller.abort(new CancelledError('by signal'));
  await rejects(task, /by signal/);
});

test('outside of a task there is no signal to be had', () => {
  assert.throws(() => currentSignal(), { code: 'ERR_NO_TASK' });
});
