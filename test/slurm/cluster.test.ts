import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { clusterTests, workFolder } from '../support/slurm-cluster.ts';

/* That there is a real Slurm under the tests of this folder. */
const onCluster = clusterTests();

function output(command: string, ...args: string[]): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: 'utf8' });
  assert.equal(status, 0, `${command} ${args.join(' ')}: ${error?.message ?? stderr}`);
  return stdout.trim();
}

onCluster('the cluster has its nodes in each partition', async ({ nodes }) => {
  for (const partition of ['normal', 'broadwell'])
    assert.equal(output('sinfo', '-h', '-o', '%D %a', '-p', partition).split('\n')[0], `${nodes.length} up`);
});

onCluster('a program runs on two nodes with host names, processes and /tmp of their own', async (cluster) => {
  const here = `/tmp/manycore-elsewhere-${process.pid}`;
  writeFileSync(here, '');
  try {
    const text = `echo $(hostname) $(cat /proc/1/comm) $(test -e ${here} && echo seen || echo unseen)`;
    const lines = output('srun', '-N2', '--mem=100', 'bash', '-c', text).split('\n');
    assert.equal(new Set(lines.map((line) => line.split(' ')[0])).size, 2);
    for (const line of lines) {
      assert.ok(cluster.nodes.includes(line.split(' ')[0]!), line);
      assert.match(line, / bash unseen$/);
    }
  } finally {
    rmSync(here);
  }
});

onCluster('nodes run this Node, and see the shared folder', async (cluster) => {
  const folder = workFolder(cluster, 'cluster');
  writeFileSync(join(folder, 'program.mjs'), "import fs from 'node:fs'; fs.writeFileSync('seen', process.version);");
  output('srun', '-N1', '--mem=500', '--chdir', folder, process.execPath, 'program.mjs');
  assert.equal(readFileSync(join(folder, 'seen'), 'utf8'), process.version);
});
