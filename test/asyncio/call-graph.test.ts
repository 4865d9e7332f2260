import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import {
  asCompleted,
  captureCallGraph,
  createTask,
  currentTask,
  formatCallGraph,
  Future,
  type FutureCallGraph,
  futureAddToAwaitedBy,
  futureDiscardFromAwaitedBy,
  gather,
  getEventLoop,
  printCallGraph,
  run,
  shield,
  sleep,
  type Task,
  TaskGroup,
  timeout,
  toThread,
  until,
  wait,
} from '../../src/asyncio/index.ts';
import { formatTasks, formatTaskTree } from '../../src/asyncio/call-graph.ts';
import { describeTasks } from '../../src/asyncio/describe.ts';
import { LONG } from '../support/patience.ts';
import { Boom, boom, rejects, step, test } from './support.ts';

const names = (graph: FutureCallGraph | null): string[] =>
  graph === null ? [] : graph.awaitedBy.map(({ future }) => (future as Task).name).toSorted();

test('the call graph of a task tells who waits for it, in whatever way [GRA-01]', async () => {
  const future = new Future<void>();
  const inner = createTask(async () => await future, { name: 'inner' });
  async function* items(): AsyncGenerator {
    yield await inner;
  }
  const waiters = [
    createTask(async () => await inner, { name: 'await' }),
    createTask(() => gather([inner]), { name: 'gather' }),
    createTask(async () => await shield(inner), { name: 'shield' }),
    createTask(async () => await wait([inner]), { name: 'wait' }),
    createTask(() => timeout(LONG, () => inner), { name: 'timeout' }),
    createTask(
      async () => {
        for await (const _ of asCompleted([inner]));
      },
      { name: 'asCompleted' },
    ),
    createTask(
      async () => {
        for await (const _ of items());
      },
      { name: 'generator' },
    ),
  ];
  await step();
  assert.deepEqual(names(captureCallGraph(inner)), ['asCompleted', 'await', 'gather', 'generator', 'shield', 'timeout', 'wait']);
  const ofFuture = captureCallGraph(future)!;
  assert.deepEqual(names(ofFuture), ['inner']);
  assert.equal(names(ofFuture.awaitedBy[0]!).length, 7);
  assert.match(formatCallGraph(future), /^\* a future\n {2}\+ awaited by:\n {4}\* task inner\n/);
  future.setResult();
  await gather(waiters);
  const group = createTask(
    () =>
      TaskGroup.run(async (group) => {
        const child = group.createTask(step, { name: 'child' });
        assert.deepEqual(names(captureCallGraph(child)), ['parent']);
      }),
    { name: 'parent' },
  );
  await group;
});

test('the running task shows its stack; one that waits does in debug mode [GRA-01]', async () => {
  assert.equal(captureCallGraph(), null);
  await createTask(async function outermost() {
    await step();
    assert.match(captureCallGraph()!.callStack.join('\n'), /outermost/);
  });
  await run(
    async () => {
      const task = createTask(async function whoWaits() {
        await sleep(1);
      });
      assert.match(captureCallGraph(task)!.callStack[0]!, /whoWaits/);
      await task;
    },
    { debug: true },
  );
  assert.equal(getEventLoop().debug, false);
});

test('an awaitable of your own tells the call graph who waits for it [GRA-01]', async () => {
  const future = new Future<void>();
  const task = createTask(async () => {
    const own = currentTask()!;
    await until(
      new Promise<void>((resolve) => {
        future.addDoneCallback(() => resolve());
        futureAddToAwaitedBy(future, own);
        futureAddToAwaitedBy(future, own);
      }),
    );
  });
  await step();
  assert.deepEqual(names(captureCallGraph(future)), [task.name]);
  futureDiscardFromAwaitedBy(future, task);
  assert.deepEqual(names(captureCallGraph(future)), []);
  futureDiscardFromAwaitedBy(future, task);
  futureAddToAwaitedBy(future, task);
  future.setResult();
  assert.deepEqual(names(captureCallGraph(future)), []);
  futureAddToAwaitedBy(future, task);
  await task;
  assert.throws(() => futureAddToAwaitedBy(future, 1 as never), TypeError);
});

test('the frames of a call graph can be limited, and it can be printed to any stream', async () => {
  await createTask(async function outermost() {
    await step();
    const whole = captureCallGraph()!.callStack;
    assert.ok(whole.length >= 1);
    assert.deepEqual(captureCallGraph(null, { limit: 0 })!.callStack, []);
    assert.equal(captureCallGraph(null, { limit: 1 })!.callStack.length, 1);
    assert.deepEqual(captureCallGraph(null, { limit: -1 })!.callStack.length, 1);
    let text = '';
    printCallGraph(null, { limit: 1, file: { write: (more: string) => ((text += more), true) } });
    assert.match(text, /^\* task Task-\d+\n {2}\+ call stack:\n.*outermost.*\n$/);
    assert.throws(() => captureCallGraph(null, { limit: 0.5 }), RangeError);
  });
});

test('a task tells its stack: while it runs, where it waits in debug mode, and where it has failed', async () => {
  await createTask(async function whoRuns() {
    await step();
    assert.match(currentTask()!.stack()[0]!, /whoRuns/);
  });
  const waits = createTask(step);
  assert.deepEqual(waits.stack(), []);
  await waits;
  assert.deepEqual(waits.stack(), []);
  await run(
    async () => {
      const task = createTask(async function whoWaits() {
        await sleep(1);
      });
      assert.match(task.stack()[0]!, /whoWaits/);
      await task;
    },
    { debug: true },
  );
  const failed = createTask(async function whoFails() {
    await step();
    boom();
  });
  await rejects(failed, Boom);
  assert.match(failed.stack().join('\n'), /boom .*\n.*whoFails/);
});

/** Two tasks that wait for each other. */
async function circle(): Promise<readonly [Task, Task]> {
  const one: Task = createTask(
    async () => {
      await step();
      await two;
    },
    { name: 'one' },
  );
  const two: Task = createTask(async () => await one, { name: 'two' });
  await step();
  await step();
  return [one, two];
}

test('tasks are listed, and drawn as a tree; circles of awaits are told and not followed [GRA-02]', async () => {
  const future = new Future<void>();
  const leaf = createTask(async () => await future, { name: 'leaf' });
  const root = createTask(async () => await leaf, { name: 'root' });
  const [one, two] = await circle();
  const described = describeTasks([leaf as Task, root as Task, one, two]);
  const list = formatTasks(described).split('\n');
  assert.equal(list.length, 5);
  assert.match(list[1]!, /leaf +anonymous +a future +root$/);
  const tree = formatTaskTree(described);
  assert.match(tree, /^├── root\n│ {3}└── leaf: a future$|^└── root\n {4}└── leaf: a future$/m);
  assert.match(tree, /one\n(.*two\n.*one: the circle of awaits closes here)/);
  assert.equal(captureCallGraph(one)!.awaitedBy[0]!.awaitedBy[0]!.isCircular, true);
  assert.match(formatCallGraph(one), /the circle closes here/);
  future.setResult();
  one.cancel();
  await wait([leaf as Task, root as Task, one, two]);
});

test('what a task waits for is told in the words of the module, and the last line of a tree is drawn as such when circles follow', async () => {
  const never = new Future<void>();
  const gate = new Int32Array(new SharedArrayBuffer(4));
  const tasks: Task[] = [
    createTask(() => gather(never, never), { name: 'gatherer' }),
    createTask(() => shield(never), { name: 'shielder' }),
    createTask(() => toThread(() => Atomics.wait(gate, 0, 0)), { name: 'thrower' }),
  ];
  const [one, two] = await circle();
  const tree = formatTaskTree(describeTasks([...tasks, one, two]));
  assert.equal(
    tree,
    [
      '├── gatherer: a gather',
      '├── shielder: a shield',
      '├── thrower: work of an executor',
      '└── one',
      '    └── two',
      '        └── one: the circle of awaits closes here',
    ].join('\n'),
  );
  never.setResult();
  Atomics.store(gate, 0, 1);
  Atomics.notify(gate, 0);
  one.cancel();
  await wait([...tasks, one, two]);
});

const cli = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url));
const asyncio = new URL('../../src/asyncio/index.js', import.meta.url).href;

/** Its inspector opens at a port of its own: other tests look at other programs. */
async function program(text: string): Promise<ChildProcess> {
  const child = spawn(process.execPath, ['--inspect-port=0', '--input-type=module', '-e', text], { stdio: ['ignore', 'pipe', 'ignore'] });
  await new Promise((resolve) => child.stdout!.once('data', resolve));
  return child;
}

test('ps and pstree show the tasks of a process that has set up nothing, and leave it as it was', async () => {
  const child = await program(`
    import { Queue, run, sleep, TaskGroup } from '${asyncio}';
    await run(() => TaskGroup.run(async (group) => {
      const queue = new Queue();
      const reader = group.createTask(() => queue.get(), { name: 'reader' });
      group.createTask(async () => await reader, { name: 'follower' });
      group.createTask(() => sleep(1e6), { name: 'sleeper' });
      await sleep(0);
      console.log('ready');
    }), { name: 'main' });
  `);
  try {
    const look = (command: string): string => {
      const { stdout, stderr, status } = spawnSync(process.execPath, [cli, command, String(child.pid)], { encoding: 'utf8' });
      assert.equal(status, 0, stderr);
      return stdout;
    };
    assert.match(look('ps'), /reader +anonymous +an item of a queue +main, follower\n/);
    assert.match(look('pstree'), /└── main\n {4}├── reader: an item of a queue\n {4}├── follower\n {4}│ {3}└── reader/);
    assert.equal(child.exitCode, null);
  } finally {
    child.kill();
  }
});
