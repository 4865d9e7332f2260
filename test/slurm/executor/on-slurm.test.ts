import { join } from 'node:path';
import { SlurmExecutor } from '../../../src/slurm/executor/slurm-executor.ts';
import { setCallBudget } from '../../../src/slurm/index.ts';
import { testExecutor } from '../../futures/executor-suite.ts';
import { saysAndYields } from '../../futures/said-and-yielded.ts';
import { FileCounter } from '../../support/file-counter.ts';
import { clusterOfFile, isOtherNode, OTHER_NODE, workFolder } from '../../support/slurm-cluster.ts';
import { test } from '../../support/test.ts';

/* What every executor does, on the nodes of a real Slurm. */
const cluster = isOtherNode() ? OTHER_NODE : await clusterOfFile();

if (typeof cluster === 'string') test('the suite of all executors on Slurm', (context) => context.skip(cluster));
else {
  setCallBudget({ burst: 1000, interval: 20 });
  testExecutor({
    name: 'nodes of Slurm',
    sharesThreads: true,
    died: 'BrokenWorkerError',
    broken: 'BrokenExecutorError',
    make: ({ maxWorkers, ...options }) =>
      new SlurmExecutor({
        ...options,
        directory: workFolder(cluster, 'suite'),
        workersPerNode: maxWorkers,
        memory: '400M',
        partition: 'normal',
      }),
  });

  const folder = workFolder(cluster, 'said');
  let counters = 0;
  saysAndYields({
    place: 'node of Slurm',
    pool: () => new SlurmExecutor({ directory: folder, workersPerNode: 1, memory: '400M', partition: 'normal' }),
    counter: () => new FileCounter(join(folder, `counter-${counters++}`)),
    ahead: { begun: 60, most: 100 },
    thrownIn: /thrown in a worker of node/,
  });
}
