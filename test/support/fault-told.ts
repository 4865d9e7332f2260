import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import type { Future } from '../../src/futures/index.ts';
import type { JobFacts } from '../../src/slurm/index.ts';
import { LONG } from './patience.ts';

/** No future is pending so long after the end of its job: a promise of the executor, and a quarter of a minute where the machine is fast. */
const BOUND = LONG / 4;

export type TheFault = Error & JobFacts & { readonly node: string; readonly code: string };

/** What a fault has to say; what is left out has to be there all the same. */
export interface Expected {
  readonly name?: string | RegExp;
  readonly job?: string;
  /** Empty where no node had come. */
  readonly node?: string;
  readonly state: RegExp;
  readonly reason?: RegExp;
  readonly exitCode?: number | null;
  /** How the end of the log must look; it is always part of the message. */
  readonly log?: RegExp;
  readonly hint: RegExp;
}

/**
 * Waits for the error of a future whose job has come to its end, and checks what every fault of a cluster must show: it is told no later than 15 s
 * after Slurm's own time of that end, and says job, node, state, reason, exit code, the end of the log, and what to do.
 */
export async function toldFault(future: Future, expected: Expected): Promise<TheFault> {
  const error = (await future.exception()) as TheFault;
  const told = Date.now();
  assert.ok(error instanceof Error, `there is no error, but ${String(error)}`);
  const { name = /^(NodeLostError|JobFailedError)$/, job, node, state, reason = /^/, exitCode, log = /^/, hint } = expected;
  const text = `${error.message}\n${JSON.stringify(error)}`;
  if (typeof name === 'string') assert.equal(error.name, name, text);
  else assert.match(error.name, name, text);
  assert.match(String(error.job), /^\d+(_\d+)?$/, text);
  if (job !== undefined) assert.equal(error.job, job, text);
  assert.equal(typeof error.node, 'string');
  if (node !== undefined) assert.equal(error.node, node, text);
  assert.match(error.state, state, text);
  assert.match(error.reason, reason, text);
  assert.ok(error.exitCode === null || Number.isInteger(error.exitCode), text);
  if (exitCode !== undefined) assert.equal(error.exitCode, exitCode, text);
  assert.match(error.log, log, text);
  assert.match(error.hint, hint, text);
  assert.ok(error.hint.length > 10, text);
  for (const part of [`job ${error.job!}`, error.state, error.hint, ...error.log.trim().split('\n').slice(-1)])
    assert.ok(error.message.includes(part), `the message says nothing of ${part}: ${text}`);
  const ended = endOf(error.job!);
  if (ended !== null) assert.ok(told - ended < BOUND, `it was told ${told - ended} ms after the end of job ${error.job!}: ${text}`);
  return error;
}

/** When a job has ended, as Slurm says, to the second; `null` when it has not, or nobody knows. */
function endOf(job: string): number | null {
  const { stdout } = spawnSync('scontrol', ['show', '-o', 'job', job], { encoding: 'utf8' });
  if (/JobState=(PENDING|RUNNING|CONFIGURING|COMPLETING|REQUEUE)/.test(stdout)) return null;
  const [, at] = /EndTime=(\S+)/.exec(stdout) ?? [];
  const time = Date.parse(at ?? '');
  return Number.isNaN(time) ? null : time;
}
