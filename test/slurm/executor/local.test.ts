import { SlurmExecutor } from '../../../src/slurm/executor/slurm-executor.ts';
import { testExecutor } from '../../futures/executor-suite.ts';

testExecutor({
  name: 'nodes',
  sharesThreads: true,
  died: 'BrokenWorkerError',
  broken: 'BrokenExecutorError',
  make: ({ maxWorkers, ...options }) => new SlurmExecutor({ launcher: 'local', workersPerNode: maxWorkers, ...options }),
});
