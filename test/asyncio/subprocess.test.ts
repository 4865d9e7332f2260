import assert from 'node:assert/strict';
import {
  CancelledError,
  createSubprocessExec,
  createSubprocessShell,
  createTask,
  currentTask,
  timeout,
  TimeoutError,
} from '../../src/asyncio/index.ts';
import { PIPE } from '../../src/subprocess/index.ts';
import { rejects, step, test } from './support.ts';

test('a program and a line of the shell are started, and their output is read, as text where that is asked for [ASP-01, ASP-09]', async () => {
  const program = await createSubprocessExec(['echo', 'hello'], { stdout: PIPE, text: true });
  assert.equal((await program.communicate()).stdout, 'hello\n');
  const line = await createSubprocessShell('echo $((1 + 2))', { stdout: PIPE, text: true });
  assert.equal((await line.communicate()).stdout, '3\n');
  assert.equal(await line.wait(), 0);
});

test('a task that waits for a program can be cancelled, and be out of time; the program goes on until it is ended [ASP-02]', async () => {
  const program = await createSubprocessExec(['sleep', '1000'], { stdout: PIPE });
  const waiting = createTask(() => program.wait());
  const reading = createTask(() => program.communicate());
  await step();
  for (const task of [waiting, reading]) {
    task.cancel();
    await rejects(task, CancelledError);
  }
  await rejects(
    timeout(5, () => program.wait()),
    TimeoutError,
  );
  assert.equal(program.poll(), null);
  program.kill();
  assert.equal(await program.wait(), -9);
});

test('a task that is cancelled before it starts a program starts none [ASP-03]', async () => {
  const task = createTask(async () => {
    currentTask()!.cancel();
    return createSubprocessExec(['nonesuch']);
  });
  // It would be a ProcessStartError.
  await rejects(task, CancelledError);
});

test('ending kills a program that runs, and leaves alone one that has ended [ASP-04]', async () => {
  const running = await createSubprocessExec(['sleep', '1000']);
  assert.equal(await running.end({ grace: 0 }), -9);
  assert.throws(() => process.kill(running.pid, 0), { code: 'ESRCH' });
  const ended = await createSubprocessExec(['sh', '-c', 'exit 3']);
  await ended.wait();
  assert.equal(await ended.end({ grace: 0 }), 3);
});

test('input that a program does not read is an error of the write, and none of communicate [ASP-06]', async () => {
  const deaf = await createSubprocessExec(['true'], { stdin: PIPE });
  await deaf.wait();
  await rejects(
    createTask(() => deaf.stdin.write('x')),
    (error: NodeJS.ErrnoException) => error.code === 'EPIPE',
  );
  const other = await createSubprocessExec(['true'], { stdin: PIPE });
  assert.deepEqual(await other.communicate('x'.repeat(1 << 20)), { stdout: null, stderr: null });
});

test('several tasks wait for one program, and one of them gives up [ASP-07]', async () => {
  const program = await createSubprocessExec(['sleep', '1000']);
  const tasks = [1, 2, 3].map(() => createTask(() => program.wait()));
  await step();
  tasks[1]!.cancel();
  await rejects(tasks[1]!, CancelledError);
  program.terminate();
  assert.deepEqual([await tasks[0], await tasks[2]], [-15, -15]);
});
