import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { readRunFile, removeRun } from '../../../src/slurm/channel/run-file.ts';
import { JobFailedError, NodeLostError } from '../../../src/slurm/executor/errors.ts';
import { SlurmExecutor } from '../../../src/slurm/executor/slurm-executor.ts';
import { Program } from '../../support/program.ts';
import { test } from '../../support/test.ts';
import { until } from '../../support/until.ts';

const folder = mkdtempSync(join(tmpdir(), 'manycore-nodes-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const nodes = (options: object = {}): SlurmExecutor =>
  new SlurmExecutor({ launcher: 'local', workersPerNode: 1, directory: folder, ...options });

/** The words of a process's command; none when it has gone. */
function wordsOf(pid: string): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
  } catch {
    return [];
  }
}

/** Whether there is no such process, or it is one that only waits to be reaped. */
function isGone(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return false;
  } catch {
    return true;
  }
}

test('a node that is killed is replaced, and what it had begun or not runs elsewhere; every result comes once', async () => {
  const pool = nodes({ nodes: 2, workersPerNode: 2 });
  const first = await pool.submit(() => process.pid);
  const results = pool.map(
    async (n: number) => {
      await new Promise((resolve) => setTimeout(resolve, 1));
      return n * 2;
    },
    Array(300).keys(),
    { chunkSize: 1 },
  );
  const seen: number[] = [];
  for await (const n of results) if (seen.push(n) === 20) process.kill(first, 'SIGKILL');
  assert.deepEqual(
    seen,
    Array.from({ length: 300 }, (_, i) => i * 2),
  );
  assert.notEqual(await pool.submit(() => process.pid), first);
  await pool.shutdown();
});

test('a task whose node is lost too often fails and says where, why, and what the log ends with; others go on', async () => {
  const pool = nodes({ nodeRetries: 0 });
  const lost = pool.submit(() => {
    process.stderr.write('the last words\n');
    process.kill(process.pid, 'SIGKILL');
    return pause(60_000);
  });
  const error = (await lost.exception()) as NodeLostError;
  assert.ok(error instanceof NodeLostError, String(error));
  assert.equal(error.code, 'ERR_NODE_LOST');
  assert.match(error.message, /was lost while it ran this task[^]*nodeRetries[^]*signal SIGKILL[^]*its log ends:\n *the last words/);
  assert.deepEqual([error.job, error.state, error.exitCode, error.node.length > 0], [null, 'FAILED', -9, true]);
  assert.equal(await pool.submit(() => 5), 5);
  await pool.shutdown();
});

test('a task that kills each of its nodes is given up in the end', async () => {
  const pool = nodes({ nodeRetries: 1 });
  const poison = pool.submit(() => process.kill(process.pid, 'SIGKILL') && pause(60_000));
  await assert.rejects(async () => await poison, { name: 'NodeLostError', message: /for the 2\. time/ });
  assert.equal(await pool.submit(() => 6), 6);
  await pool.shutdown();
});

test('a node that is silent is taken for lost, and its tasks run elsewhere; when it comes back, nothing runs twice to its end [trap 2]', async () => {
  const pool = nodes({ silence: 2000 });
  const pid = await pool.submit(() => process.pid);
  process.kill(pid, 'SIGSTOP');
  const task = pool.submit(() => process.pid);
  const other = await task;
  assert.notEqual(other, pid);
  process.kill(pid, 'SIGCONT');
  assert.equal(await pool.submit((n: number) => n, 7), 7);
  await pool.shutdown();
});

test('a program that is killed leaves no node and no folder behind', async () => {
  const own = mkdtempSync(join(folder, 'killed-'));
  const program = new Program(`
    import { SlurmExecutor } from 'manycore/slurm/executor/slurm-executor';
    const pool = new SlurmExecutor({ launcher: 'local', workersPerNode: 1, directory: ${JSON.stringify(own)} });
    console.log('pid', await pool.submit(() => process.pid), '.');
    pool.submit(() => new Promise((resolve) => setTimeout(resolve, 60_000)));
  `);
  await program.printed('.');
  const pid = Number(/pid (\d+)/.exec(program.stdout)![1]);
  assert.equal(isGone(pid), false);
  assert.equal(readdirSync(own).length, 1);
  program.child.kill('SIGKILL');
  await program.ended;
  await until(() => isGone(pid), 'the node to end');
  await until(() => readdirSync(own).length === 0, 'the folder to go');
});

test('an idle executor lets the program end, and its nodes and folder with it; what was handed over runs before', async () => {
  const own = mkdtempSync(join(folder, 'idle-'));
  const program = new Program(`
    import { SlurmExecutor } from 'manycore/slurm/executor/slurm-executor';
    const pool = new SlurmExecutor({ launcher: 'local', workersPerNode: 1, directory: ${JSON.stringify(own)} });
    pool.submit(() => process.pid).addDoneCallback((future) => console.log('pid', future.resultSync()));
  `);
  const { stdout, stderr, code } = await program.ended;
  assert.equal(code, 0, stderr);
  const pid = Number(/pid (\d+)/.exec(stdout)![1]);
  await until(() => isGone(pid), 'the node to end');
  await until(() => readdirSync(own).length === 0, 'the folder to go');
});

test('where nobody is left to clear up after a program that was killed, its nodes do', async (context) => {
  if (!existsSync('/proc/self/cmdline')) return context.skip('the shell that clears up is looked for in /proc');
  const own = mkdtempSync(join(folder, 'orphaned-'));
  const program = new Program(`
    import { SlurmExecutor } from 'manycore/slurm/executor/slurm-executor';
    const pool = new SlurmExecutor({ launcher: 'local', nodes: 2, workersPerNode: 1, directory: ${JSON.stringify(own)} });
    await Promise.all([1, 2].map((n) => pool.submit(() => new Promise((resolve) => setTimeout(resolve, 200)))));
    console.log('began.');
    setTimeout(() => {}, 60_000);
  `);
  await program.printed('began.');
  const caretaker = readdirSync('/proc').find(
    (pid) => /^\d+$/.test(pid) && wordsOf(pid).includes('manycore-caretaker') && wordsOf(pid).some((word) => word.startsWith(own)),
  );
  assert.ok(caretaker !== undefined, 'there is no shell to clear up');
  process.kill(Number(caretaker), 'SIGKILL');
  program.child.kill('SIGKILL');
  await program.ended;
  await until(() => readdirSync(own).length === 0, 'the folder to go');
});

test('a program whose folder was removed makes it again for the next node', async () => {
  const own = mkdtempSync(join(folder, 'removed-'));
  const pool = nodes({ directory: own });
  const first = await pool.submit(() => process.pid);
  const [run] = readdirSync(own);
  const file = readRunFile(join(own, run!, 'run.json'));
  removeRun(join(own, run!, 'run.json'), { ...file, secret: 'of another run' });
  assert.deepEqual(readdirSync(own), [run]);
  removeRun(join(own, run!, 'run.json'), file);
  assert.deepEqual(readdirSync(own), []);
  process.kill(first, 'SIGKILL');
  assert.equal(await pool.submit(() => 9), 9);
  await pool.shutdown();
  assert.deepEqual(readdirSync(own), []);
});

test('a Node that can not be started, and one that ends at once, fail everything with what is known; nothing more is taken', async () => {
  const pool = nodes({ nodePath: '/no/such/node' });
  const error = (await pool.submit(() => 1).exception()) as Error;
  assert.match(error.message, /could not be submitted[^]*\/no\/such\/node/);
  assert.throws(() => pool.submit(() => 1), { name: 'JobFailedError' });
  await pool.shutdown();
  const other = nodes({ nodePath: '/bin/false' });
  const failed = (await other.submit(() => 1).exception()) as JobFailedError;
  assert.ok(failed instanceof JobFailedError, String(failed));
  assert.match(failed.message, /2 times in a row a job has ended before one of its nodes had come \(a local process, FAILED, exit code 1/);
  await other.shutdown();
});

test('tasks run in processes as well, each with its own', async () => {
  const pool = nodes({ workerType: 'processes', workersPerNode: 2 });
  const manager = await pool.submit(() => process.ppid);
  assert.equal(await pool.submit(() => process.ppid), manager);
  assert.notEqual(await pool.submit(() => process.pid), manager);
  await assert.rejects(async () => await pool.submit(() => process.exit(3)), { name: 'BrokenProcessPool', exitCode: 3 });
  assert.deepEqual(await pool.map((n: number) => n + 1, [1, 2, 3]).toArray(), [2, 3, 4]);
  await pool.shutdown();
});

test('a task that fails is tried again as often as asked, one out of time is broken off, and what is shared by threads is refused', async () => {
  const pool = nodes();
  const tries = await pool.with({ retries: { times: 2, delay: 1 } }).submit(() => {
    const all = globalThis as { tries?: number };
    all.tries = (all.tries ?? 0) + 1;
    if (all.tries < 3) throw new Error('not yet');
    return all.tries;
  });
  assert.equal(tries, 3);
  const add = async (a: number, b: number): Promise<number> => await Promise.resolve(a + b);
  assert.deepEqual(
    [await pool.with({ timeout: 60_000 }).submit(add, 3, 4), await pool.with({ priority: -1.5 }).submit(add, 5, 6)],
    [7, 11],
  );
  const busy = (): void => {
    for (;;);
  };
  await assert.rejects(async () => await pool.with({ timeout: 20 }).submit(busy), { name: 'TimeoutError' });
  const running = pool.submit(busy);
  await until(() => running.running);
  assert.deepEqual([running.cancel(), running.cancel({ running: true }), running.cancelled], [false, true, true]);
  assert.throws(() => pool.submit((b: SharedArrayBuffer) => b.byteLength, new SharedArrayBuffer(8)), { name: 'SendError' });
  assert.throws(() => pool.with({ transfer: [] }).submit(() => 1), { name: 'StateError', message: /transfer is for threads/ });
  assert.equal(await pool.submit(() => 8), 8);
  await pool.shutdown();
});

test('an error says on which node it was thrown, and keeps its own stack', async () => {
  const pool = nodes();
  const error = (await pool
    .submit(function thrower() {
      throw new RangeError('too far');
    })
    .exception()) as Error;
  assert.ok(error instanceof RangeError);
  assert.match(String(error.stack), /thrower/);
  assert.match(String((error.cause as Error).stack), /thrown in a worker of node [^]*thrower/);
  await pool.shutdown();
});

test('the folder of a run is for nobody else, and gone at its end', async () => {
  const own = mkdtempSync(join(folder, 'own-'));
  const pool = nodes({ directory: own });
  await pool.submit(() => 1);
  const [run] = readdirSync(own);
  const { statSync } = await import('node:fs');
  assert.equal(statSync(join(own, run!)).mode & 0o777, 0o700);
  assert.equal(statSync(join(own, run!, 'run.json')).mode & 0o777, 0o600);
  await pool.shutdown();
  assert.deepEqual(readdirSync(own), []);
});
