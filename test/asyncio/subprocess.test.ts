import assert from 'node:assert/strict';
import { CancelledError, createSubprocessExec, createSubprocessShell, createTask, timeout, TimeoutError } from '../../src/asyncio/index.ts';
import { PIPE } from '../../src/subprocess/index.ts';
import { rejects, step, test } from './support.ts';

test('a program and a line of the shell are started, and their output is read', async () => {
  const program = await createSubprocessExec(['echo', 'hello'], { stdout: PIPE, text: true });
  assert.equal((await program.communicate()).stdout, 'hello\n');
  const line = await createSubprocessShell('echo $((1 + 2))', { stdout: PIPE, text: true });
  assert.equal((await line.communicate()).stdout, '3\n');
  assert.equal(await line.wait(), 0);
});

test('a task that waits for a program can be cancelled, and be out of time; the program goes on until it is ended', async () => {
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
