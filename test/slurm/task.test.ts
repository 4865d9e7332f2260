import assert from 'node:assert/strict';
import { currentTask, srun, type Task } from '../../src/slurm/index.ts';
import { test } from '../support/test.ts';
import { clusterTests } from '../support/slurm-cluster.ts';

const onCluster = clusterTests();

onCluster('each task that srun starts knows its rank, its rank on its node, how many there are, and all nodes', async () => {
  const url = new URL('../../src/slurm/index.js', import.meta.url).href;
  const text = `console.log(JSON.stringify((await import(${JSON.stringify(url)})).currentTask()))`;
  const { stdout } = await srun([process.execPath, '--input-type=module', '-e', text], {
    nodes: 2,
    tasks: 4,
    tasksPerNode: 2,
    memory: 800,
    captureOutput: true,
  });
  const lines = stdout.trim().split('\n');
  const tasks = lines.map((line) => JSON.parse(line) as Task).toSorted((a, b) => a.rank - b.rank);
  assert.deepEqual(
    tasks.map(({ rank, localRank, size }) => [rank, localRank, size]),
    [
      [0, 0, 4],
      [1, 1, 4],
      [2, 0, 4],
      [3, 1, 4],
    ],
  );
  const nodes = tasks[0]!.nodes;
  assert.equal(nodes.length, 2);
  assert.deepEqual(
    tasks.map(({ node }) => node),
    [nodes[0], nodes[0], nodes[1], nodes[1]],
  );
});

test('a process that srun has not started is told that it is no task', () => {
  assert.throws(() => currentTask({}), { code: 'ERR_SLURM_NO_TASK' });
});
