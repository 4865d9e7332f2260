import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Job, setCallBudget } from '../../src/slurm/index.ts';
import { test } from '../support/test.ts';
import { clusterTests, workFolder } from '../support/slurm-cluster.ts';

const onCluster = clusterTests();
setCallBudget({ burst: 1000, interval: 20 });
const main = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url));

function manycore(cwd: string, ...args: string[]): { readonly status: number | null; readonly stdout: string; readonly stderr: string } {
  return spawnSync(process.execPath, [main, 'slurm', ...args], { cwd, encoding: 'utf8' });
}

onCluster('manycore slurm runs a program on nodes, submits it, shows its job and log, and cancels', async (cluster) => {
  const folder = workFolder(cluster, 'cli');
  writeFileSync(join(folder, 'app.mjs'), "import os from 'node:os'; console.log('on', os.hostname(), ...process.argv.slice(2));");
  writeFileSync(join(folder, 'long.mjs'), 'setTimeout(() => {}, 60_000);');
  const ran = manycore(folder, 'run', '-N', '2', '-p', 'normal', '-t', '10:00', '--memory', '400', 'app.mjs', '--', 'x', '-y');
  assert.equal(ran.status, 0, ran.stderr);
  assert.deepEqual(
    ran.stdout
      .trim()
      .split('\n')
      .map((line) => line.replace(/tcn\d/, 'tcn')),
    ['on tcn x -y', 'on tcn x -y'],
  );

  const submitted = manycore(folder, 'submit', '-N', '1', '-p', 'broadwell', '--memory', '400', 'app.mjs');
  const id = /^job (\d+)$/m.exec(submitted.stdout)?.[1];
  assert.ok(id !== undefined, submitted.stderr);
  await (await Job.attach(id)).wait({ check: true });
  assert.match(manycore(folder, 'logs', id).stdout, /^on tcn\d$/m);
  assert.match(manycore(folder, 'status', id).stdout, /broadwell +COMPLETED +tcn\d/);

  const long = /^job (\d+)$/m.exec(manycore(folder, 'submit', '--memory', '400', 'long.mjs').stdout)![1]!;
  assert.equal(manycore(folder, 'cancel', long).status, 0);
  assert.equal((await (await Job.attach(long)).wait()).state, 'CANCELLED');
  assert.match(manycore(folder, 'run', '-p', 'nope', 'app.mjs').stderr, /The partitions here are: normal/);
});

test('manycore slurm says what is missing on its command line', () => {
  for (const [words, said] of [
    [[], /needs a word more/],
    [['fly'], /can't fly/],
    [['run'], /needs a program/],
    [['run', 'nosuch.js'], /there is no program/],
    [['logs'], /number of a job/],
  ] as const) {
    const { status, stderr } = manycore('/', ...words);
    assert.equal(status, 2);
    assert.match(stderr, said);
  }
});
