import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  batchScript,
  DirectiveError,
  expandNodes,
  sbatch,
  scancel,
  setCallBudget,
  SlurmMissingError,
  squeue,
} from '../../src/slurm/index.ts';
import { budget } from '../../src/slurm/budget.ts';
import { cleanEnvironment } from '../../src/slurm/commands/call.ts';
import { rows as accountRows } from '../../src/slurm/commands/sacct.ts';
import { fieldsOf } from '../../src/slurm/commands/scontrol.ts';
import { errorOf, JobOutOfMemoryError } from '../../src/slurm/job/end.ts';
import { FIELDS, jobInfo } from '../../src/slurm/job/info.ts';
import { stateOf } from '../../src/slurm/job/states.ts';
import { formatDuration, parseDuration, parseMegabytes } from '../../src/slurm/text/duration.ts';
import { expandElements } from '../../src/slurm/text/node-list.ts';
import { rowsOf } from '../../src/slurm/text/table.ts';
import { test } from '../support/test.ts';

/* What needs no cluster: texts that Slurm 22.05 has printed, and scripts. */

test('short lists of nodes are expanded, leading zeros and all', () => {
  assert.deepEqual(expandNodes('tcn[1-3,7],gpu2'), ['tcn1', 'tcn2', 'tcn3', 'tcn7', 'gpu2']);
  assert.deepEqual(expandNodes('n[08-10]'), ['n08', 'n09', 'n10']);
  assert.deepEqual(expandNodes('r[1-2]n[1-2]x'), ['r1n1x', 'r1n2x', 'r2n1x', 'r2n2x']);
  assert.deepEqual(expandNodes(''), []);
  for (const bad of ['n[1', 'n]1[', 'n[a-b]', 'n[3-1]', 'n[1-99999999]', 'n[0-999]x[0-999]y[0-999]'])
    assert.throws(() => expandNodes(bad), DirectiveError, bad);
});

test('times, sizes and elements of arrays are read as Slurm writes them', () => {
  assert.deepEqual(['1-02:03:04', '1:00:00', '30', '2:30', '1-12', '1-12:30', 'UNLIMITED', 'N/A'].map(parseDuration), [
    93_784_000,
    3_600_000,
    1_800_000,
    150_000,
    129_600_000,
    131_400_000,
    Infinity,
    null,
  ]);
  for (const ms of [1000, 61_000, 3_600_000, 93_784_000]) assert.equal(parseDuration(formatDuration(ms)), ms);
  assert.throws(() => formatDuration(-1), DirectiveError);
  assert.deepEqual(['500M', '4G', '1.50T', '100', '?'].map(parseMegabytes), [500, 4096, 1_572_864, 100, null]);
  assert.deepEqual(expandElements('3-5%3'), [3, 4, 5]);
  assert.deepEqual(expandElements('0,2,5-15:5'), [0, 2, 5, 10, 15]);
});

test('a job is read from the fields of squeue, whatever its name contains', () => {
  const row = `16_3\x1f16\x1f3\x1fa|b "c"\nd\x1froot\x1fnormal\x1f(null)\x1fOUT_OF_MEMORY\x1fOutOfMemory\x1f253\x1f1\x1ftcn[1-2]\x1f2\x1f4\x1f2\x1f500M\x1f2026-11-25T13:27:41\x1f2026-11-25T13:27:42\x1f2026-11-25T13:27:43\x1f1:00:00\x1f0:01\x1f/tmp\x1f(null)\x1f/tmp/o\x1f/tmp/e\x1f(null)\x1f4294901753\x1fmine manycore=0f6d8a3e-3f4b-4c5d-8e9f-000000000001\x1f\n`;
  const [job, other] = rowsOf(row + row, FIELDS.length).map(jobInfo);
  assert.equal(other?.id, '16_3');
  assert.ok(job !== undefined);
  const { id, array, elements, name, state, exitCode, signal, restarts, nodes, comment, mark, timeLimit } = job;
  assert.deepEqual(
    { id, array, elements, name, state, exitCode, signal, restarts, nodes, comment, mark, timeLimit },
    {
      id: '16_3',
      array: '16',
      elements: [3],
      name: 'a|b "c"\nd',
      state: 'OUT_OF_MEMORY',
      exitCode: 0,
      signal: 125,
      restarts: 1,
      nodes: ['tcn1', 'tcn2'],
      comment: 'mine',
      mark: '0f6d8a3e-3f4b-4c5d-8e9f-000000000001',
      timeLimit: 3_600_000,
    },
  );
});

test('accounts and fields of scontrol are read, with who cancelled a job', () => {
  const line =
    '7\x1froot\x1fnormal\x1froot\x1fCANCELLED by 0\x1f0:15\x1fNone assigned\x1f2026-11-25T13:27:41\x1fUnknown\x1fUnknown\x1f00:00:00\x1f\x1fa\nb\x1f0\n';
  const [row, second] = accountRows(line + line);
  assert.deepEqual(
    [row?.state, row?.stateNote, row?.signal, row?.nodes, row?.name, second?.id],
    ['CANCELLED', 'by 0', 15, [], 'a\nb', '7'],
  );
  assert.equal(stateOf('CANCELLED+'), 'CANCELLED');
  assert.deepEqual(fieldsOf('JobId=1 JobName=a b Comment=x | y  StdErr=/dev/null Power='), {
    JobId: '1',
    JobName: 'a b',
    Comment: 'x | y',
    StdErr: '/dev/null',
    Power: '',
  });
});

test('a script is readable, and has what was asked for in it', () => {
  const text = batchScript(['srun', 'node', 'my program.js'], {
    nodes: 2,
    partition: ['normal', 'broadwell'],
    time: 3_600_000,
    memory: 500,
    array: '0-9%3',
    dependency: { afterok: [{ id: '12' }, 13], afterany: '14' },
    gres: { gpu: 2 },
    earlySignal: { signal: 'SIGUSR2', before: 120_000 },
    environment: { WORDS: "it's $HOME" },
    setup: ['ulimit -c 0'],
    options: { 'mail-type': 'END', contiguous: true },
  });
  assert.equal(
    text,
    [
      '#!/bin/bash',
      '#SBATCH --job-name="my_program.js"'.replaceAll('"', ''),
      '#SBATCH --nodes=2',
      '#SBATCH --partition=normal,broadwell',
      '#SBATCH --time=01:00:00',
      '#SBATCH --mem=500M',
      '#SBATCH --array=0-9%3',
      '#SBATCH --dependency=afterok:12:13,afterany:14',
      '#SBATCH --gres=gpu:2',
      '#SBATCH --signal=USR2@120',
      '#SBATCH --mail-type=END',
      '#SBATCH --contiguous',
      '',
      `export WORDS='it'\\''s $HOME'`,
      'ulimit -c 0',
      `srun node 'my program.js'`,
      '',
    ].join('\n'),
  );
});

test('what would be a line of its own, or an option of its own, is refused', () => {
  const refused: (() => unknown)[] = [
    () => batchScript(['x'], { name: 'a\n#SBATCH --uid=0' }),
    () => batchScript(['x'], { output: 'a\rb' }),
    () => batchScript(['x'], { nodes: '2 --uid=0' }),
    () => batchScript(['x'], { nodes: 0 }),
    () => batchScript(['x'], { tasks: 1.5 }),
    () => batchScript(['x'], { environment: { 'A;rm': '1' } }),
    () => batchScript(['x'], { modules: ['a; rm -rf /'] }),
    () => batchScript(['x'], { modules: ['--help'] }),
    () => batchScript(['x'], { options: { 'wrap x': 'y' } }),
    () => batchScript(['x'], { nosuch: 1 } as never),
    () => batchScript([]),
    () => batchScript(['a\0b']),
  ];
  for (const one of refused) assert.throws(one, DirectiveError, String(one));
});

test('words of a command reach the program as they are, and no shell reads them', () => {
  const folder = mkdtempSync(join(tmpdir(), 'manycore-script-'));
  const words = [`$(touch ${folder}/pwned)`, '`id`', "'; id; '", '"', '\\', 'a\nb', '*', '#', '', '~'];
  const script = batchScript([process.execPath, '-e', 'console.log(JSON.stringify([process.env.V, process.argv.slice(1)]))', ...words], {
    environment: { V: words.join('') },
  });
  const { stdout } = spawnSync('bash', ['-s'], { input: script, encoding: 'utf8' });
  assert.deepEqual(JSON.parse(stdout), [words.join(''), words]);
  rmSync(folder, { recursive: true });
});

test('within a job, commands do not take what describes that job for options of the next [trap 8]', () => {
  const env = { PATH: '/bin', SLURM_CONF: '/x', SLURM_MEM_PER_CPU: '1', SBATCH_PARTITION: 'p', SLURM_JOB_ID: '1', SRUN_DEBUG: '3' };
  assert.deepEqual(cleanEnvironment(env), { PATH: '/bin', SLURM_CONF: '/x' });
});

test('memory that ran out is told from the log, where Slurm says no more than that the job failed', () => {
  const facts = {
    id: '1',
    name: 'a',
    reason: '',
    exitCode: 0,
    signal: 9,
    nodes: ['tcn1'],
    started: null,
    ended: null,
    restarts: 0,
    log: 'slurm-1.out',
  };
  const error = errorOf({
    ...facts,
    state: 'FAILED',
    logTail: 'slurmstepd: error: Step 1.0 exceeded memory limit (100 > 50), being killed',
  });
  assert.ok(error instanceof JobOutOfMemoryError);
  assert.match(error.message, /job 1 \(a\) .*on tcn1: FAILED, SIGKILL\n--- the end of slurm-1\.out\n[^]*Ask for more by `memory`/);
});

test('the budget lets so many calls through at once, and then one an interval', () => {
  setCallBudget({ burst: 2, interval: 1e6 });
  assert.equal(budget.delay(), 0);
  budget.spend();
  budget.spend();
  assert.ok(budget.delay() > 0);
  assert.throws(() => setCallBudget({ burst: 0, interval: 1 }), RangeError);
  assert.throws(() => setCallBudget({ burst: 1, interval: 0 }), RangeError);
  setCallBudget({ burst: 10, interval: 10_000 });
});

test('without Slurm, and without a configuration of it, the error says so, and what to do', async () => {
  const { PATH } = process.env;
  process.env['PATH'] = '/nonexistent';
  try {
    for (const one of [() => squeue(), () => sbatch(['true'])])
      await assert.rejects(
        one,
        (error: unknown) => error instanceof SlurmMissingError && /squeue|sbatch/.test(error.message) && /login node/.test(error.message),
      );
    await scancel([]);
    await assert.rejects(scancel('1; rm'), DirectiveError);
  } finally {
    process.env['PATH'] = PATH;
  }
});
