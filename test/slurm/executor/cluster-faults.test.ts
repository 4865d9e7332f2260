import { SlurmExecutor, type SlurmExecutorOptions } from '../../../src/slurm/executor/slurm-executor.ts';
import { type Expected, toldFault } from '../../support/fault-told.ts';
import { managersIn } from '../../support/managers.ts';
import { clusterTests, type SlurmCluster, workFolder } from '../../support/slurm-cluster.ts';
import { hasEnded, hasMemoryCgroup, slurm } from '../../support/slurm-commands.ts';
import { until } from '../../support/until.ts';
import { watch } from '../../support/watchdog.ts';

/*
 * What becomes of a task whose job ends before it, for each way in which that happens, when it may not run again: it is told, in time, with all that there is
 * to know. On a cluster of this file's own, since nodes and other things that all tests need are broken here.
 */
const onCluster = clusterTests({ nodes: 2, onOneNode: true });

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** A task that has begun, and whose node and job are known. */
interface Begun {
  readonly cluster: SlurmCluster;
  readonly folder: string;
  readonly job: string;
  readonly node: string;
}

interface Row {
  readonly title: string;
  readonly options?: SlurmExecutorOptions;
  /** Does it to a task that runs. */
  readonly cause: (begun: Begun) => void;
  readonly expected: Expected;
  /** What is done to the cluster so that it is whole again. */
  readonly mend?: (begun: Begun) => Promise<void> | void;
}

const rows: readonly Row[] = [
  {
    title: 'a job whose time is up',
    cause: ({ job }) => slurm('scontrol', 'update', `jobid=${job}`, 'EndTime=now+1'),
    expected: { name: 'NodeLostError', state: /^TIMEOUT$/, reason: /TimeLimit/, hint: /`time` asks for more/ },
  },
  {
    title: 'a job that is cancelled by hand',
    cause: ({ job }) => slurm('scancel', job),
    expected: { state: /^CANCELLED$/, hint: /has cancelled it/ },
  },
  {
    title: 'a job that is put back into the queue by hand',
    cause: ({ job }) => {
      slurm('scontrol', 'update', `jobid=${job}`, 'Requeue=1');
      slurm('scontrol', 'requeue', job);
    },
    expected: { name: 'NodeLostError', state: /^REQUEUED$/, hint: /put it back/ },
    mend: ({ job }) => until(() => hasEnded(job), 'the requeued job to be cancelled'),
  },
  {
    title: 'a job that has to make room for a more urgent one',
    options: { partition: 'scavenge' },
    cause: ({ node }) => slurm('sbatch', '-p', 'urgent', '--exclusive', '-w', node, '-o', '/dev/null', '--wrap', 'sleep 1'),
    expected: { name: 'NodeLostError', state: /^PREEMPTED$/, hint: /greater priority/ },
  },
  {
    title: 'a manager that is killed',
    cause: ({ folder }) => {
      for (const pid of managersIn(folder)) process.kill(pid, 'SIGKILL');
    },
    expected: {
      name: 'NodeLostError',
      state: /^FAILED$/,
      reason: /NonZeroExitCode/,
      exitCode: 137,
      log: /Killed/,
      hint: /signal has ended it, 9/,
    },
  },
  {
    title: 'a machine that is killed',
    cause: ({ cluster, node }) => cluster.killNode(node),
    // Slurm takes half a minute to see it: the connection ends at once.
    expected: { name: 'NodeLostError', state: /^(RUNNING|NODE_FAIL)$/, exitCode: null, hint: /machine/ },
    mend: ({ cluster }) => cluster.restart(),
  },
  {
    title: 'a machine that is cut off from the network',
    options: { silence: 2000 },
    cause: ({ cluster, node }) => cluster.cutOff(node),
    expected: { name: 'NodeLostError', state: /^(RUNNING|NODE_FAIL)$/, hint: /machine/ },
    async mend({ cluster, node }) {
      cluster.reconnect(node);
      await cluster.restart();
    },
  },
];

for (const { title, options = {}, cause, expected, mend } of rows)
  onCluster(`${title} fails the task that may not run again, in time, and with all that there is to know`, async (cluster) => {
    const folder = workFolder(cluster, 'fault');
    const pool = new SlurmExecutor({
      directory: folder,
      workersPerNode: 1,
      memory: '300M',
      partition: 'normal',
      nodeRetries: 0,
      ...options,
    });
    const node = await pool.submit(() => process.env['SLURMD_NODENAME'] ?? '');
    const task = pool.submit(sleep, 600_000);
    await until(() => task.running, 'the task to begin');
    const [job = ''] = pool.jobs;
    const begun = { cluster, folder, job, node };
    cause(begun);
    watch(`${title}: its error`);
    try {
      await toldFault(task, { job, ...(expected.name === 'NodeLostError' ? { node } : {}), ...expected });
    } finally {
      watch('it is mended');
      await mend?.(begun);
      await pool.terminateWorkers();
    }
  });

onCluster('a job that needs more memory than it has asked for is told so, and the kernel has killed it', async (cluster, context) => {
  if (!hasMemoryCgroup())
    return context.skip('there is no cgroup to hold the memory of jobs: Slurm looks only now and then, and calls such jobs FAILED');
  const pool = new SlurmExecutor({ directory: workFolder(cluster, 'memory'), workersPerNode: 1, memory: '200M', nodeRetries: 0 });
  const node = await pool.submit(() => process.env['SLURMD_NODENAME'] ?? '');
  const [job = ''] = pool.jobs;
  const hungry = pool.submit(async () => {
    const all: Buffer[] = [];
    for (;;) {
      all.push(Buffer.alloc(20 << 20, 1));
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  });
  await toldFault(hungry, {
    name: 'NodeLostError',
    job,
    node,
    state: /^OUT_OF_MEMORY$/,
    log: /oom.kill|Out Of Memory/i,
    hint: /`memory` asks for more/,
  });
  await pool.shutdown();
});
