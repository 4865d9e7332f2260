import assert from 'node:assert/strict';
import { SlurmExecutor } from '../../src/slurm/executor/slurm-executor.ts';
import { LONG } from '../support/patience.ts';
import { clusterTests, workFolder } from '../support/slurm-cluster.ts';
import { watch } from '../support/watchdog.ts';
import { faultsAtRandom } from './cluster-faults-at-random.ts';

/* Faults at random on a real Slurm: nothing lost, nothing twice, nothing pending. The seed is printed; MANYCORE_SEED sets it, MANYCORE_FAULTS how many. */
const seed = Number(process.env['MANYCORE_SEED'] ?? Date.now() % 1_000_000);
const faults = Number(process.env['MANYCORE_FAULTS'] ?? 1000);

const onCluster = clusterTests({ nodes: 3, onOneNode: true });
onCluster('a thousand faults on Slurm lose nothing', async (cluster) => {
  const directory = workFolder(cluster, 'thousand');
  const pool = new SlurmExecutor({ directory, nodes: 3, workersPerNode: 1, memory: '300M', silence: 2000, nodeRetries: 1000 });
  let cut: string | null = null;
  let told = 0;
  const more = {
    // With one node away, the others do all.
    'a node loses its network, or has it again': (): void => {
      if (cut === null) cluster.cutOff((cut = cluster.nodes[0]!));
      else {
        cluster.reconnect(cut);
        cut = null;
      }
    },
  };
  const { wrong, tasks, caused, afterLast } = await faultsAtRandom({
    pool,
    directory,
    seed,
    faults,
    more,
    recovers: 3,
    onMove(done) {
      watch(`fault ${done} on Slurm`);
      if (done % 100 === 0 && done > told) console.log(`${(told = done)} faults`);
    },
  });
  if (cut !== null) cluster.reconnect(cut);
  console.log(
    `seed ${seed}: ${tasks} tasks, ${JSON.stringify(caused)}, the last one ended ${Math.round(afterLast)} ms after the last fault`,
  );
  assert.deepEqual(wrong, []);
  assert.ok(afterLast < LONG / 4, `the last task has ended ${Math.round(afterLast)} ms after the last fault`);
  watch('the executor ends');
  await pool.shutdown();
});
