// Jobs on a cluster: a batch script, the same at once, two nodes, nodes of one's own, the queue, a module.
import { batchScript, type Job, salloc, sbatch, setCallBudget, squeue, srun } from 'manycore/slurm';
import { findCluster } from './find-cluster.ts';

// A cluster that others use is asked more seldom.
setCallBudget({ burst: 100, interval: 100 });
const { folder, missing } = await findCluster();
if (missing !== null) {
  console.log(`there is no cluster here: ${missing}`);
  process.exit(0);
}

async function show(title: string, job: Job): Promise<void> {
  const { state, nodes } = await job.wait({ check: true });
  const lines: string[] = [];
  for await (const line of job.logs()) lines.push(line);
  console.log(`${title}: job ${job.id} ${state} on ${nodes.join(',')}: ${lines.join(' ')}`);
}
const program = [process.execPath, '-p', '`my program, on ${os.hostname()}`'];
const one = { nodes: 1, partition: 'broadwell', time: '1:00:00', cwd: folder };

// #SBATCH -N 1, -p broadwell, -t 1:00:00, then: srun python myprogram.py
console.log(
  batchScript(['srun', 'node', 'myprogram.js'], one)
    .replace(/^#SBATCH --(chdir|job-name).*\n/gm, '')
    .trimEnd(),
);
await show('sbatch', await sbatch(['srun', ...program], one));

// srun -N 1 -p broadwell -t 1:00:00 python myprogram.py
console.log(`srun: ${(await srun(program, { ...one, captureOutput: true })).stdout.trim()}`);

// -N 2: hostname runs once, srun hostname on each node.
await show('hostname', await sbatch(['hostname'], { ...one, nodes: 2 }));
await show('srun hostname', await sbatch(['srun', 'hostname'], { ...one, nodes: 2 }));

// salloc -N 1 -p normal -t 2:00:00, squeue -u $(whoami), then to the node
const mine = await salloc({ nodes: 1, partition: 'normal', time: '2:00:00', cwd: folder });
console.log('JOBID PARTITION NAME ST NODES NODELIST');
for (const { id, partition, name, state, nodeCount, nodes } of await squeue({ user: 'me' }))
  if (id === mine.id) console.log(id, partition, name, state, nodeCount, nodes.join(','));
console.log(`on the node: ${(await mine.run(['hostname'], { captureOutput: true })).stdout.trim()}`);
await mine.cancel();

// module load python/3.5.2-intel-u2
const modules = process.env['MANYCORE_MODULE'] ?? 'python/3.5.2-intel-u2';
await show('module', await sbatch({ shell: 'module list 2>&1 | grep -o "python/[^ ]*"' }, { ...one, modules: [modules] }));
