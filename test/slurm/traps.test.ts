import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Job, JobLostError, sbatch, scontrol, setCallBudget, squeueJson } from '../../src/slurm/index.ts';
import { clusterTests, workFolder } from '../support/slurm-cluster.ts';
import { slurm } from '../support/slurm-commands.ts';
import { test } from '../support/test.ts';
import { until } from '../support/until.ts';
import { watch } from '../support/watchdog.ts';

/*
 * What Slurm does that nobody expects: seen with its own commands first, so that a version that does it no longer is noticed, and then what is made
 * of it here. More of the cure is tested where it belongs, under the same numbers.
 */
const onCluster = clusterTests({ nodes: 2, onOneNode: true });
setCallBudget({ burst: 1000, interval: 20 });
const SMALL = { nodes: 1, memory: 100, time: '10:00' } as const;

async function linesOf(job: Job): Promise<string[]> {
  const lines: string[] = [];
  for await (const line of job.logs()) lines.push(line);
  return lines;
}

onCluster(
  'a controller that crashes gives the number of a job to another: the first one is lost, and is not taken for the other [trap 1]',
  async (cluster) => {
    const cwd = workFolder(cluster, 'number');
    // What the controller has not written down yet, it forgets; it writes every few seconds.
    for (let tries = 0; tries < 6; tries++) {
      watch(`crash ${tries}`);
      const first = await sbatch(['true'], { ...SMALL, cwd, hold: true });
      cluster.killController();
      await cluster.restart();
      const second = await sbatch(['true'], { ...SMALL, cwd, hold: true });
      const isReused = second.id === first.id;
      if (isReused) {
        await assert.rejects(first.wait(), JobLostError);
        assert.equal(await first.info(), null);
        assert.equal((await second.info())?.id, second.id);
        await assert.rejects(first.cancel(), JobLostError);
        assert.equal((await second.info())?.state, 'PENDING', 'the other job was meant, and must not be cancelled');
      }
      await second.cancel();
      if (isReused) return;
      await first.cancel();
    }
    assert.fail('no number was given out twice: does this version of Slurm write jobs down before it answers?');
  },
);

onCluster('a job that ends when it is told to make room is not put back, whatever it has asked for [trap 3]', async (cluster) => {
  const cwd = workFolder(cluster, 'room');
  const node = cluster.nodes[0]!;
  const held = { nodes: 1, memory: 100, time: '20:00', exclusive: true, nodeList: node } as const;
  // It has some seconds for it. A slow machine may need them for other things: then the job is put back, and ends at once.
  for (let tries = 0; tries < 4; tries++) {
    const begun = join(cwd, `begun-${tries}`);
    const step = `[ -e ${begun} ] && exit 0; trap 'exit 0' TERM; touch ${begun}; sleep 600 & wait`;
    const job = await sbatch({ shell: `srun --mem=50 bash -c "${step}"` }, { ...held, partition: 'scavenge', requeue: true, cwd });
    await until(() => existsSync(begun), 'it to begin');
    const urgent = await sbatch(['true'], { ...held, partition: 'urgent', output: '/dev/null' });
    watch(`it makes room, try ${tries}`);
    const end = await job.wait();
    await urgent.wait({ check: true });
    if (end.restarts > 0) continue;
    assert.match(end.state, /COMPLETED|FAILED|PREEMPTED/);
    return;
  }
  assert.fail('it was put back each time');
});

onCluster('a job that is put back has to wait, though nodes are free [trap 4]', async (cluster) => {
  const job = await sbatch(['sleep', '600'], { ...SMALL, requeue: true, cwd: workFolder(cluster, 'back') });
  for await (const state of job.states()) if (state === 'RUNNING') break;
  await scontrol.requeue(job);
  await until(() => slurm('squeue', '-h', '-j', job.id, '-o', '%T %r') === 'PENDING BeginTime', 'it to wait for its time');
  await job.cancel();
});

onCluster('squeue --json of older versions gives all jobs, whichever was asked for [trap 5]', async (_cluster, context) => {
  const jobs = await Promise.all([1, 2].map(() => sbatch(['true'], { ...SMALL, hold: true, output: '/dev/null' })));
  const ids = jobs.map(({ id }) => Number(id));
  const { stdout } = spawnSync('squeue', ['--json', '-j', jobs[0]!.id], { encoding: 'utf8', maxBuffer: 1 << 28 });
  const found = (JSON.parse(stdout) as { jobs: { job_id: number }[] }).jobs.map(({ job_id: id }) => id);
  const [version = ''] = /\d+\.\d+/.exec(slurm('squeue', '--version')) ?? [];
  context.diagnostic(`Slurm ${version} gives ${found.length} jobs for one`);
  if (Number(version) < 23) assert.ok(ids.every((id) => found.includes(id)));
  assert.deepEqual(
    (await squeueJson({ jobs: jobs[0]! })).map((one) => one['job_id']),
    ids.slice(0, 1),
  );
  for (const job of jobs) await job.cancel();
});

onCluster(
  'what is submitted in a job inherits what that job has asked for, and srun there refuses the two together [trap 8]',
  async (cluster) => {
    const url = new URL('../../src/slurm/index.js', import.meta.url).href;
    const folder = workFolder(cluster, 'within');
    writeFileSync(
      join(folder, 'ours.mjs'),
      `const { sbatch } = await import(${JSON.stringify(url)});
    const job = await sbatch({ shell: 'srun true; echo "srun ended with $?"' }, { memoryPerCpu: 50, output: 'ours.log' });
    await job.wait({ check: true });`,
    );
    const outer = await sbatch(
      {
        shell: `sbatch --wait --mem-per-cpu=50 --output=plain.log --wrap='srun true; echo "srun ended with $?"'\n${process.execPath} ours.mjs`,
      },
      { ...SMALL, memory: 600, cwd: folder },
    );
    await outer.wait({ check: true });
    const plain = readFileSync(join(folder, 'plain.log'), 'utf8');
    assert.match(plain, /mutually exclusive/);
    assert.match(plain, /^srun ended with [^0]/m);
    assert.match(readFileSync(join(folder, 'ours.log'), 'utf8'), /^srun ended with 0$/m);
  },
);

onCluster('a batch script runs from another place than it was sent from [trap 9]', async (cluster) => {
  const cwd = workFolder(cluster, 'place');
  writeFileSync(join(cwd, 'input'), 'found');
  const job = await sbatch({ shell: 'echo "$0"; cat "$(dirname "$0")/input" 2>&1; cat input' }, { ...SMALL, cwd });
  await job.wait({ check: true });
  const [script = '', ...lines] = await linesOf(job);
  assert.match(script, /slurm_script$/);
  assert.match(lines[0]!, /No such file/);
  assert.equal(lines[1], 'found');
});

test("SIGUSR1 opens Node's inspector: it is no notice for a program [trap 10]", async (context) => {
  if (process.platform === 'win32') return context.skip('there are no such signals on Windows');
  const child = spawn(process.execPath, ['-e', 'console.log("here"); setTimeout(() => {}, 1e6)'], { stdio: ['ignore', 'pipe', 'pipe'] });
  let text = '';
  child.stderr.setEncoding('utf8').on('data', (piece: string) => void (text += piece));
  await once(child.stdout, 'data');
  child.kill('SIGUSR1');
  await until(() => text.includes('Debugger listening on'), 'the inspector to open');
  child.kill('SIGKILL');
  await once(child, 'exit');
});
