import assert from 'node:assert/strict';
import { createTask, getEventLoop, getRunningLoop, run, sleep } from '../../src/asyncio/index.ts';
import { slow } from '../../src/asyncio/debug.ts';
import { SHORT } from '../support/patience.ts';
import { until } from '../support/until.ts';
import { step, test } from './support.ts';

const warnings: Error[] = [];
process.on('warning', (warning) => {
  if (warning.name === 'AsyncioWarning') warnings.push(warning);
});
/** Waits for a warning, and checks that it has the stack of this file. */
const toldOf = async (pattern: RegExp): Promise<void> => {
  await until(() => warnings.some(({ message }) => pattern.test(message)), String(pattern));
  const warning: Error & { detail?: string } = warnings.find(({ message }) => pattern.test(message))!;
  warnings.length = 0;
  assert.match(warning.detail ?? '', /here:\n +at .*debug\.test/s);
};

function busy(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

test('debug mode holds while the run that asks for it [RUN-11]', async () => {
  assert.equal(getEventLoop().debug, false);
  await run(async () => assert.equal(getRunningLoop().debug, true), { debug: true });
  assert.equal(getEventLoop().debug, false);
  await run(async () => assert.equal(getRunningLoop().debug, false), { debug: false });
});

test('debug mode tells of slow callbacks and slow steps, with the name of the task, and where they come from [LOP-06]', async () => {
  const loop = getEventLoop();
  const before = loop.slowCallbackDuration;
  await run(
    async () => {
      loop.slowCallbackDuration = SHORT / 5;
      loop.callSoon(function slowOne() {
        busy(SHORT / 2);
      });
      await toldOf(/a callback of the event loop: slowOne has kept/);
      const task = createTask(
        async () => {
          await step();
          busy(SHORT / 2);
        },
        { name: 'slow task' },
      );
      await task;
      await toldOf(/a step of task slow task has kept the event loop for \d+ ms/);
    },
    { debug: true },
  );
  loop.slowCallbackDuration = before;
});

test('debug mode tells of tasks that nobody has awaited, and where they were made', async () => {
  await run(
    async () => {
      await createTask(step, { name: 'awaited' });
      createTask(step, { name: 'forgotten' });
      await sleep(1);
    },
    { debug: true },
  );
  await toldOf(/task forgotten was never awaited/);
});

test('debug mode tells of a cancellation that sits in a foreign promise, and where its task was made', async () => {
  const before = slow.cancellation;
  slow.cancellation = 1;
  let release!: () => void;
  const gate = new Promise<void>((resolve) => (release = resolve));
  await run(
    async () => {
      const task = createTask(async () => await gate, { name: 'stuck' });
      task.cancel();
      await toldOf(/task stuck was cancelled .* it sits in a foreign promise/);
      release();
      await task.catch(() => {});
    },
    { debug: true },
  );
  slow.cancellation = before;
});
