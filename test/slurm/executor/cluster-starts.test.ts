import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Future } from '../../../src/futures/index.ts';
import { ArrayRun } from '../../../src/slurm/executor/array/array-run.ts';
import { SlurmExecutor, type SlurmExecutorOptions } from '../../../src/slurm/executor/slurm-executor.ts';
import { type Expected, toldFault } from '../../support/fault-told.ts';
import { clusterTests, workFolder } from '../../support/slurm-cluster.ts';
import { hasEnded, hasMemoryCgroup, slurm, stateOf } from '../../support/slurm-commands.ts';
import { until } from '../../support/until.ts';
import { watch } from '../../support/watchdog.ts';

/* Nodes that can't come, for each reason that there is, what is run again elsewhere, and what becomes of arrays. On a cluster of this file's own: things are broken on its nodes. */
const onCluster = clusterTests({ nodes: 2, onOneNode: true });
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** No node comes: what the future says. */
async function neverComes(options: SlurmExecutorOptions, expected: Expected): Promise<void> {
  const pool = new SlurmExecutor({ workersPerNode: 1, memory: '300M', ...options });
  await toldFault(
    pool.submit(() => 1),
    { name: 'JobFailedError', ...expected },
  );
  watch('it was told');
  assert.throws(() => pool.submit(() => 1), { name: 'JobFailedError' });
  await pool.shutdown();
}

onCluster('nodes that have no way to the program', (cluster) =>
  neverComes(
    { directory: workFolder(cluster, 'route'), address: '127.0.0.1' },
    { state: /^FAILED$/, exitCode: 4, log: /127\.0\.0\.1:\d+ can't be reached/, hint: /`address` names the one/ },
  ),
);

onCluster('a folder that the nodes do not see', () =>
  neverComes({ directory: '/tmp' }, { state: /^FAILED$/, hint: /folder that all nodes see as `directory`/ }),
);

onCluster('nodes without Node', (cluster) =>
  neverComes(
    { directory: workFolder(cluster, 'no-node'), nodePath: '/opt/none/bin/node' },
    { state: /^FAILED$/, log: /\/opt\/none\/bin\/node/, hint: /does not have this program/ },
  ),
);

onCluster('nodes whose Node is another, and too old', (cluster) => {
  const folder = workFolder(cluster, 'old-node');
  // What Node 14 says of what it does not know.
  const old = join(folder, 'node');
  writeFileSync(old, '#!/bin/sh\necho "node: bad option: --enable-source-maps" >&2; echo "SyntaxError: Unexpected token" >&2; exit 9\n', {
    mode: 0o755,
  });
  return neverComes({ directory: folder, nodePath: old }, { state: /^FAILED$/, exitCode: 9, log: /SyntaxError/, hint: /20\.19/ });
});

onCluster('nodes that read another secret than the program has', (cluster) => {
  const folder = workFolder(cluster, 'secret');
  // It is changed on the node, once the job has begun.
  return neverComes(
    { directory: folder, setup: [`sed -i 's/"secret":"......../"secret":"00000000/' ${folder}/*/run.json`] },
    { state: /^FAILED$/, exitCode: 5, log: /does not have the secret of this run/, hint: /file of the run was changed/ },
  );
});

onCluster('nodes on which the package has another version', (cluster) => {
  const folder = workFolder(cluster, 'version');
  const file = fileURLToPath(new URL('../../../src/base/version.js', import.meta.url));
  const other = join(folder, 'version.js');
  writeFileSync(other, readFileSync(file, 'utf8').replace(/'[\d.]+'/, "'99.0.0'"));
  // The node's name space is its own: nobody else sees the other file.
  return neverComes(
    { directory: folder, setup: [`mount --bind ${other} ${file}`, `trap 'umount ${file}' EXIT`] },
    {
      state: /^FAILED$/,
      exitCode: 3,
      log: /it has version 99\.0\.0 of manycore, and the driver [\d.]+/,
      hint: /same version of the package/,
    },
  );
});

onCluster('a job that Slurm refuses, at once', async (cluster) => {
  const pool = new SlurmExecutor({ directory: workFolder(cluster, 'refused'), partition: 'nowhere' });
  await assert.rejects(async () => await pool.submit(() => 1), {
    name: 'JobFailedError',
    state: 'REFUSED',
    job: null,
    message: /invalid partition/i,
  });
  await pool.shutdown();
});

// ---------------------------------------------------------------- what may run again does

/** Whatever happened to its first job, the task ends, on another one. */
async function runsAgain(pool: SlurmExecutor, job: string, task: Future<string | undefined>): Promise<void> {
  const other = await task;
  assert.match(String(other), /^\d+$/);
  assert.notEqual(other, job);
  await until(() => hasEnded(job), 'the first job to end');
  await pool.shutdown();
}

onCluster('a manager that is killed is replaced, and its task runs again', async (cluster) => {
  const pool = new SlurmExecutor({ directory: workFolder(cluster, 'manager'), workersPerNode: 1, memory: '300M' });
  const tries = join(cluster.folder, `tries-${process.pid}`);
  const value = await pool.submit(async (path: string) => {
    const fs = await import('node:fs');
    if (fs.existsSync(path)) return 'the second time';
    fs.writeFileSync(path, '');
    process.kill(process.pid, 'SIGKILL');
    return await new Promise<string>(() => {});
  }, tries);
  assert.equal(value, 'the second time');
  await pool.shutdown();
});

onCluster(
  'a job that is put back into the queue by hand is not waited for: another one is asked for, and runs its tasks [trap 4]',
  async (cluster) => {
    const pool = new SlurmExecutor({ directory: workFolder(cluster, 'requeued'), workersPerNode: 1, memory: '300M' });
    await pool.submit(() => 1);
    const job = pool.jobs[0]!;
    const task = pool.submit(async (old: string) => {
      if (process.env['SLURM_JOB_ID'] === old) await new Promise(() => setTimeout(() => {}, 1e6));
      return process.env['SLURM_JOB_ID'];
    }, job);
    await until(() => task.running, 'the task to begin');
    // Jobs of an executor are not to be requeued: Slurm refuses it, and the task goes on.
    slurm('scontrol', 'requeue', job);
    assert.equal(stateOf(job), 'RUNNING');
    slurm('scontrol', 'update', `jobid=${job}`, 'Requeue=1');
    slurm('scontrol', 'requeue', job);
    await runsAgain(pool, job, task);
  },
);

// ---------------------------------------------------------------- arrays

onCluster('an element of an array is told what has become of it just as well', async (cluster) => {
  const hungry = async (): Promise<never> => {
    const all: Buffer[] = [];
    for (;;) {
      all.push(Buffer.alloc(20 << 20, 1));
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  };
  const ends: readonly (readonly [(item: number) => unknown, (job: string) => void, Expected])[] = [
    ...(hasMemoryCgroup()
      ? [[hungry, () => {}, { state: /^OUT_OF_MEMORY$/, log: /oom.kill/i, hint: /`memory` asks for more/ }] as const]
      : []),
    [
      () => sleep(600_000),
      (job) => slurm('scontrol', 'update', `jobid=${job}_0`, 'EndTime=now+1'),
      { state: /^TIMEOUT$/, reason: /TimeLimit/, hint: /`time` asks for more/ },
    ],
    [() => sleep(600_000), (job) => slurm('scancel', job), { state: /^CANCELLED$/, hint: /has cancelled it/ }],
    [
      () => process.kill(process.pid, 'SIGKILL') && sleep(600_000),
      () => {},
      { state: /^FAILED$/, reason: /./, exitCode: -9, hint: /signal has ended it, 9/ },
    ],
  ];
  for (const [body, cause, expected] of ends) {
    const run = ArrayRun.start(body, [1], { directory: workFolder(cluster, 'element'), memory: '200M' });
    await until(() => run.jobs.length > 0 && /RUNNING|COMPLETING/.test(stateOf(run.jobs[0]!)), 'it to run');
    const [job = ''] = run.jobs;
    const node = slurm('squeue', '-h', '-t', 'all', '-j', job, '-o', '%N');
    cause(job);
    watch('the element ends');
    await toldFault(run.futures[0]!, { name: 'JobFailedError', job: `${job}_0`, node, ...expected });
    await run.cancel();
  }
});
