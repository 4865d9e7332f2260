import assert from 'node:assert/strict';
import {
  asCompleted,
  LifoQueue,
  PriorityQueue,
  select,
  Barrier,
  CancelScope,
  Condition,
  createSubprocessExec,
  createTask,
  currentSignal,
  currentTask,
  Event,
  forEach,
  gather,
  getEventLoop,
  getRunningLoop,
  Lock,
  map,
  Queue,
  run,
  runCoroutineThreadsafe,
  Runner,
  Semaphore,
  shield,
  sleep,
  TaskGroup,
  Timeout,
  timeout,
  timeoutAt,
  toThread,
  until,
  wait,
  waitFor,
} from '../../src/asyncio/index.ts';
import { rejects, step, test } from './support.ts';

type Attempts = Readonly<Record<string, () => unknown>>;

/** Each attempt is refused with such an error. */
async function areRefused(attempts: Attempts, expected: object): Promise<void> {
  for (const [name, attempt] of Object.entries(attempts)) {
    await assert.rejects(async () => await (attempt() as PromiseLike<unknown>), expected, name);
  }
}

const loop = getEventLoop();
const leaf = async (): Promise<number> => 1;

test('a promise where a function is wanted is refused everywhere, with what to write instead', async () => {
  const promise = Promise.resolve(1) as never;
  await areRefused(
    {
      run: () => run(promise),
      'Runner.run': () => new Runner().run(promise),
      createTask: () => createTask(promise),
      'loop.createTask': () => loop.createTask(promise),
      'group.createTask': () => new TaskGroup().createTask(promise),
      'TaskGroup.run': () => TaskGroup.run(promise),
      timeout: () => timeout(1, promise),
      timeoutAt: () => timeoutAt(1e9, promise),
      'Timeout.run': () => new Timeout(null).run(promise),
      'CancelScope.run': () => CancelScope.run(promise),
      map: () => map([1], promise).toArray(),
      forEach: () => forEach([1], promise),
      toThread: () => toThread(promise),
      runInExecutor: () => loop.runInExecutor(null, promise),
      runCoroutineThreadsafe: () => runCoroutineThreadsafe(promise, loop),
    },
    { name: 'TypeError', message: /takes a function: got a promise, which runs already and can't be cancelled\. Write / },
  );
  await areRefused(
    { callSoon: () => loop.callSoon(promise), callLater: () => loop.callLater(1, promise), callAt: () => loop.callAt(1, promise) },
    { name: 'TypeError', message: /^call\w+ takes a function to call: got a promise, which runs already\. Write createTask/ },
  );
});

test('what is nothing to wait for is refused', async () => {
  const nothing = 5 as never;
  await areRefused(
    {
      gather: () => gather(nothing),
      wait: () => wait([nothing]),
      waitFor: () => waitFor(nothing, {}),
      shield: () => shield(nothing),
      asCompleted: async () => {
        for await (const _ of asCompleted([nothing]));
      },
    },
    { name: 'TypeError', message: /^expected a function, a future or a promise: got 5$/ },
  );
  await areRefused({ until: () => until(nothing) }, { name: 'TypeError', message: /until takes a promise: got number/ });
  await areRefused({ wait: () => wait([]) }, { name: 'RangeError', code: 'ERR_NOTHING_TO_WAIT_FOR' });
});

test('a negative delay, and one that is no number, are refused wherever something waits', async () => {
  const condition = new Condition();
  await condition.acquire();
  const attempts = (ms: number): Attempts => ({
    sleep: () => sleep(ms),
    timeout: () => timeout(ms, leaf),
    waitFor: () => waitFor(leaf, { timeout: ms }),
    wait: () => wait([createTask(leaf)], { timeout: ms }),
    asCompleted: async () => {
      for await (const _ of asCompleted([createTask(leaf)], { timeout: ms }));
    },
    'Lock.acquire': () => new Lock().acquire({ timeout: ms }),
    'Semaphore.acquire': () => new Semaphore(0).acquire({ timeout: ms }),
    'Event.wait': () => new Event().wait({ timeout: ms }),
    'Barrier.wait': () => new Barrier(2).wait({ timeout: ms }),
    'Condition.wait': () => condition.wait({ timeout: ms }),
    'Queue.get': () => new Queue().get({ timeout: ms }),
    'Queue.put': () => new Queue().put(1, { timeout: ms }),
    'Queue.join': () => new Queue().join({ timeout: ms }),
  });
  for (const ms of [-1, NaN]) {
    await areRefused(attempts(ms), { name: 'RangeError', code: 'ERR_TIMEOUT', message: /must be a non-negative number of milliseconds/ });
  }
  await areRefused({ sleep: () => sleep('1' as never) }, TypeError);
  assert.throws(() => void (loop.slowCallbackDuration = -1), RangeError);
  condition.release();
});

test('what a running task is needed for is refused outside of one, with what to do', async () => {
  assert.equal(currentTask(), null);
  assert.throws(getRunningLoop, { code: 'ERR_NO_TASK', message: /Call it in run\(\) or createTask\(\)/ });
  assert.throws(currentSignal, { code: 'ERR_NO_TASK', message: /Call it in run\(\) or createTask\(\)/ });
  assert.throws(() => new TaskGroup().createTask(leaf), { code: 'ERR_GROUP_STATE', message: /inside of run\(\)/ });
  assert.throws(() => new Timeout(null).reschedule(1), { code: 'ERR_TIMEOUT_STATE' });
});

test('a task that awaits itself, or gives itself as its result, gets an error', async () => {
  for (const act of [async (self: PromiseLike<unknown>) => await self, (self: PromiseLike<unknown>) => self]) {
    const task: PromiseLike<unknown> = createTask(async () => {
      await step();
      return act(task);
    });
    await rejects(task, { code: 'ERR_AWAITS_ITSELF', message: /cannot await itself: it would never end/ });
  }
});

test('a call that is written as in Python says how it is written here', async () => {
  const any = (value: unknown): never => value as never;
  await areRefused(
    {
      gather: () => gather(leaf, leaf, any({ returnExceptions: true })),
      createTask: () => createTask(leaf, any(5)),
      runInExecutor: () => loop.runInExecutor(any(leaf), any(5)),
      runCoroutineThreadsafe: () => runCoroutineThreadsafe(leaf, any(undefined)),
      createSubprocessExec: () => createSubprocessExec('ls', any('-l')),
      until: () => until(any(leaf)),
      map: () => map(any(5), leaf).toArray(),
      forEach: () => forEach(any(undefined), leaf),
    },
    {
      name: 'TypeError',
      message:
        /: (gather\(\[a, b\], \{|createTask\(\(\) =>|runInExecutor\(null, |createSubprocessExec\(\[|until\(fn)|Take getEventLoop|in a list, or/,
    },
  );
});

test('a time of the wall clock, which would be half a century ahead, is refused as a deadline', async () => {
  const soon = Date.now() + 100;
  await areRefused(
    {
      timeoutAt: () => timeoutAt(soon, leaf),
      Timeout: () => new Timeout(soon),
      reschedule: () => timeout(1000, (scope) => scope.reschedule(soon)),
      callAt: () => loop.callAt(soon, leaf),
    },
    { name: 'RangeError', code: 'ERR_TIME', message: /a time of Date\.now\(\)\. Write performance\.now\(\) \+ ms/ },
  );
});

test('options that are none are refused, and leave no task behind', async () => {
  await areRefused(
    {
      text: () => createTask(leaf, 'name' as never),
      function: () => createTask(leaf, leaf as never),
      signal: () => createTask(leaf, { signal: 5 as never }),
      context: () => createTask(leaf, { context: {} as never }),
    },
    TypeError,
  );
});

test('a number where options are expected is refused: it would be no limit at all, and silently', async () => {
  const five = 5 as never;
  const busy = new Lock();
  assert.notEqual(busy.tryAcquire(), null);
  await areRefused(
    {
      waitFor: () => waitFor(leaf, five),
      wait: () => wait([leaf], five),
      asCompleted: () => asCompleted([leaf], five),
      select: () => select({ leaf }, five),
      Queue: () => new Queue(five),
      PriorityQueue: () => new PriorityQueue(null as never),
      LifoQueue: () => new LifoQueue(five),
      CancelScope: () => new CancelScope(five),
      Runner: () => new Runner(five),
      'lock.acquire': () => busy.acquire(five),
      'queue.get': () => new Queue().get(five),
      'event.wait': () => new Event().wait(five),
    },
    { name: 'TypeError', message: /takes an object of options, such as \{.*got (a number|null)/ },
  );
});

test('one thing, or nothing, where several are expected is refused', async () => {
  for (const bad of [undefined, null, 5, {}, Promise.resolve([]), leaf]) {
    const expected = { name: 'TypeError', message: /takes several tasks, futures or functions/ };
    await areRefused({ wait: () => wait(bad as never), asCompleted: () => asCompleted(bad as never) }, expected);
  }
});

test('options by the names of Python and of other packages, and what is no object of options, are refused with ours', async () => {
  await areRefused(
    {
      gather: () => gather([leaf], { return_exceptions: true } as object),
      wait: () => wait([leaf], { return_when: 'FIRST_COMPLETED' } as object),
      createTask: () => createTask(leaf, { eager_start: false } as object),
      Queue: () => new Queue({ maxsize: 3 } as object),
      map: () => map([1], leaf, { concurrency: 2 } as object),
    },
    { name: 'TypeError', message: / does not know (return_exceptions|return_when|eager_start|maxsize|concurrency): here it is called / },
  );
  await areRefused(
    { run: () => run(leaf, 5 as never), map: () => map([1], leaf, 2 as never), forEach: () => forEach([1], leaf, 2 as never) },
    { name: 'TypeError', message: /takes an object of options, such as \{ .* \}: got a number/ },
  );
  await areRefused(
    { object: () => loop.runInExecutor({} as never, leaf), undefined: () => loop.runInExecutor(undefined as never, leaf) },
    { name: 'TypeError', message: /runInExecutor takes an executor, or null for the default one: got / },
  );
});
