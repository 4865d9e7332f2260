import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  CancelledError,
  ContextVar,
  copyContext,
  createTask,
  currentTask,
  KeyboardInterrupt,
  run,
  Runner,
  sleep,
  type Task,
} from '../../src/asyncio/index.ts';
import { setExceptionHandler } from '../../src/asyncio/report.ts';
import { raiseSignal } from '../../src/signal/index.ts';
import { runProgram } from '../support/program.ts';
import { Boom, boom, forever, rejects, step, test } from './support.ts';

const asyncio = new URL('../../src/asyncio/index.js', import.meta.url).href;

test('run gives what main gives, or throws [RUN-01]', async () => {
  assert.equal(await run(async () => 5), 5);
  await rejects(
    run(async () => boom()),
    Boom,
  );
});

test('run takes a function only [RUN-02]', async () => {
  await rejects(run(5 as never), TypeError);
  await rejects(run(Promise.resolve() as never), TypeError);
});

test('run inside of run ends its own tasks only [RUN-03]', async () => {
  let outer: Task | undefined;
  let inner: Task | undefined;
  await run(async () => {
    outer = createTask(forever);
    await run(async () => void (inner = createTask(forever)));
    assert.deepEqual([inner?.cancelled, outer.done], [true, false]);
  });
  assert.equal(outer?.cancelled, true);
});

test('tasks that are left are cancelled; what fails in that is told to the exception handler [RUN-05]', async () => {
  const told: unknown[] = [];
  setExceptionHandler((context) => told.push(context.exception));
  try {
    const value = await run(async () => {
      createTask(async () => {
        try {
          await forever();
        } finally {
          boom('in the clean-up');
        }
      });
      createTask(forever);
      return 'value';
    });
    assert.equal(value, 'value');
    assert.deepEqual(
      told.map((error) => (error as Error).message),
      ['in the clean-up'],
    );
  } finally {
    setExceptionHandler(null);
  }
});

test('async generators that were left in the middle are closed in the end, when that is asked for [RUN-06]', async () => {
  const prototype = Object.getPrototypeOf(Object.getPrototypeOf((async function* () {})())) as { next: unknown };
  const before = prototype.next;
  const seen: string[] = [];
  async function* numbers(name: string, cleanUp = async (): Promise<void> => {}): AsyncGenerator<number> {
    try {
      for (let i = 0; ; i++) yield i;
    } finally {
      await cleanUp();
      seen.push(name);
    }
  }
  const told: unknown[] = [];
  setExceptionHandler((context) => told.push(context.exception));
  const gate = new Promise<void>(() => {});
  let outer!: AsyncGenerator<number>;
  try {
    await run(
      async () => {
        outer = numbers('outer');
        assert.equal((await outer.next()).value, 0);
        await run(
          async () => {
            assert.equal((await outer.next()).value, 1);
            await numbers('inner', () => sleep(1)).next();
            // What has ended, and what was left by for await, is closed already.
            for await (const n of numbers('left')) if (n === 2) break;
            for (let i = 0; i < 1000; i++)
              for await (const _ of (async function* () {
                yield* [1, 2];
              })());
            // One that runs holds nobody up.
            void (async function* () {
              yield await gate;
            })().next();
            await createTask(async () => void (await numbers('of a task', async () => boom()).next()));
            seen.push('end');
          },
          { closeGenerators: true },
        );
        assert.deepEqual(seen.splice(0), ['left', 'end', 'inner']);
        assert.ok(told[0] instanceof Boom && told.length === 1);
      },
      { closeGenerators: true },
    );
  } finally {
    setExceptionHandler(null);
  }
  assert.deepEqual(seen, ['outer']);
  assert.equal(prototype.next, before);
  await run(async () => void (await numbers('not followed').next()));
  assert.deepEqual(seen, ['outer']);
});

test('a Runner keeps one context for all that it runs, and runs nothing once closed [RUN-07 RUN-08]', async () => {
  const variable = new ContextVar<number>('v', { default: 0 });
  const runner = new Runner();
  await runner.run(async () => void variable.set(1));
  assert.equal(await runner.run(async () => variable.get()), 1);
  assert.equal(variable.get(), 0);
  await runner.close();
  await runner.close();
  await rejects(runner.run(step), { code: 'ERR_RUNNER_CLOSED' });
});

test('a main that was cancelled throws CancelledError [RUN-10]', async () => {
  await rejects(
    run(async () => {
      currentTask()?.cancel('from inside');
      await sleep(1e6);
    }),
    (error: CancelledError) => error instanceof CancelledError && error.message === 'from inside',
  );
  // Also when Ctrl-C comes on top of that: it is not the only reason.
  await rejects(
    run(async () => {
      currentTask()?.cancel('from inside');
      try {
        await sleep(1e6);
      } finally {
        raiseSignal('SIGINT');
        await sleep(1e6);
      }
    }),
    { name: 'CancelledError', message: 'interrupted by SIGINT' },
  );
  await rejects(
    run(async () => {
      raiseSignal('SIGINT');
      await sleep(1e6);
    }),
    KeyboardInterrupt,
  );
});

test('a context variable has a value, a default, or neither [CTX-01]', () => {
  const plain = new ContextVar<number>('plain');
  assert.throws(() => plain.get(), { code: 'ERR_CONTEXT_VAR_UNSET' });
  assert.equal(plain.get(5), 5);
  const token = plain.set(1);
  assert.equal(plain.get(5), 1);
  {
    using _ = plain.set(2);
    assert.equal(plain.get(), 2);
  }
  assert.equal(plain.get(), 1);
  assert.throws(() => copyContext().run(() => plain.reset(token)), RangeError);
  assert.throws(() => new ContextVar('other').reset(token as never), RangeError);
  plain.reset(token);
  assert.throws(() => plain.reset(token), { code: 'ERR_TOKEN_USED' });
  assert.equal(plain.get(5), 5);
});

test('a context tells what was set in it, and not the defaults of variables', () => {
  const [plain, withDefault] = [new ContextVar<number>('plain'), new ContextVar('with default', { default: 'its default' })];
  const context = copyContext();
  assert.deepEqual([context.get(plain), context.get(withDefault), context.get(plain, 'none')], [undefined, undefined, 'none']);
  context.run(() => plain.set(3));
  assert.deepEqual([context.get(plain), context.get(plain, 'none'), plain.get(0)], [3, 3, 0]);
  assert.deepEqual([[...context.keys()].includes(plain as ContextVar<unknown>), [...context.values()].includes(3)], [true, true]);
  assert.deepEqual([...context.entries()], [...context]);
});

test('a copy of a context is independent of it [CTX-03]', async () => {
  const variable = new ContextVar<string>('v', { default: 'none' });
  const one = copyContext();
  await one.run(async () => {
    variable.set('one');
    await step();
    assert.equal(variable.get(), 'one');
  });
  const two = one.copy();
  two.run(() => variable.set('two'));
  assert.deepEqual([variable.get(), one.run(() => variable.get()), two.run(() => variable.get())], ['none', 'one', 'two']);
  assert.equal([...one].length, one.size);
});

test('a failure that nobody looks at is told once, when the program ends [AFU-09]', () => {
  const program = `
    import { createTask, Future } from '${asyncio}';
    createTask(async () => { throw new Error('unseen') }, { name: 'lost' });
    const seen = createTask(async () => { throw new Error('looked at') });
    await seen.catch(() => {});
    const read = new Future(); read.setException(new Error('read')); read.exception();
    const asked = new Future(); asked.setException(new Error('asked'));
    try { asked.result(); } catch {}
    const awaited = createTask(async () => { throw new Error('awaited') });
    try { await awaited; } catch {}
  `;
  const { status, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8' });
  assert.equal(status, 0, stderr);
  assert.match(stderr, /the failure of task lost was never looked at/);
  assert.equal(stderr.match(/never looked at/g)?.length, 1);
});

test('in debug mode it is told with the place where the task was made [AFU-09]', () => {
  const program = `
    import { createTask } from '${asyncio}';
    function whoMakesIt() { createTask(async () => { throw new Error('unseen') }, { name: 'lost' }) }
    whoMakesIt();
  `;
  const env = { ...process.env, MANYCORE_ASYNCIO_DEBUG: '1' };
  const { status, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8', env });
  assert.equal(status, 0, stderr);
  assert.match(stderr, /the failure of task lost was never looked at; it was made here:\n +at whoMakesIt/);
});

test('a failure that nobody looks at is told when its task is collected [AFU-09]', () => {
  const program = `
    import { createTask } from '${asyncio}';
    (() => void createTask(() => { throw new Error('unseen') }))();
    const told = new Promise((resolve) => { console.error = (text) => resolve(text) });
    const timer = setInterval(() => gc(), 5);
    console.log((await told).split('\\n')[0]);
    clearInterval(timer);
  `;
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--expose-gc', '--input-type=module', '-e', program], {
    encoding: 'utf8',
  });
  assert.equal(status, 0, stderr);
  assert.match(stdout, /never looked at/);
});

test('after the first error of gather, the later ones of its children are not told: nobody can look at them [GAT-02]', () => {
  const program = `
    import { Future, gather } from '${asyncio}';
    const children = [new Future(), new Future()];
    const gathered = gather(children);
    children[0].setException(new Error('first'));
    await gathered.catch((error) => console.log(error.message));
    children[1].setException(new Error('later'));
  `;
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8' });
  assert.deepEqual([status, stdout, stderr], [0, 'first\n', '']);
});

test('the failure of what was shielded is told once when nobody waits for it any more [SHI-04]', () => {
  const program = `
    import { Future, shield } from '${asyncio}';
    const inner = new Future();
    for (const outer of [shield(inner), shield(inner)]) {
      outer.cancel();
      await outer.catch(() => {});
    }
    inner.setException(new Error('unseen'));
  `;
  const { status, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8' });
  assert.equal(status, 0, stderr);
  assert.equal(stderr.match(/never looked at/g)?.length, 1);
});

test("a run that can't end, for a task sits in a foreign promise that nobody settles, says so when the program ends", async () => {
  const { stderr, stdout } = await runProgram(`
    import { createTask, run, sleep } from 'manycore/asyncio';
    run(async () => {
      createTask(() => new Promise(() => {}), { name: 'stuck' });
      createTask(() => sleep(1e6), { name: 'sleeper' });
    }).then(() => console.log('ended'));`);
  assert.equal(stdout, '');
  assert.match(
    stderr,
    /^asyncio: the run could not end: task stuck was cancelled, and sits in a foreign promise [^]*until\(promise\)[^\n]*\n$/,
  );
});
