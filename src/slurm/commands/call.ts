import { inspect } from 'node:util';
import type { Wait } from '../../base/deadline.ts';
import { ProcessStartError, TimeoutExpired } from '../../subprocess/errors.ts';
import { run } from '../../subprocess/run.ts';
import { budget } from '../budget.ts';
import { ControllerError, NoSuchJobError, SlurmCommandError, SlurmMissingError } from '../errors.ts';

/** What a command of Slurm's has printed. */
export interface Answer {
  readonly command: readonly string[];
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CallOptions extends Wait {
  readonly input?: string | undefined;
  /** The folder that a job begins in. */
  readonly cwd?: string | undefined;
  /** Further variables. */
  readonly env?: Readonly<Record<string, string>> | undefined;
  /** Milliseconds after which there will be no answer any more, whatever `timeout` says; two minutes when left out. */
  readonly longest?: number | undefined;
}

/** A command that has not answered by then won't: Slurm itself gives up earlier, after several tries of `MessageTimeout` each. */
const LONGEST_MS = 120_000;

/** The configuration, the key to it, and what a user chose for all commands; the rest describes a job that we may be in. */
const KEPT = new Set(['SLURM_CONF', 'SLURM_CLUSTERS', 'SLURM_JWT', 'SLURM_CONF_SERVER']);
const OF_A_JOB = /^(SLURM|SLURMD|SBATCH|SALLOC|SRUN|SQUEUE|SINFO|SACCT|SCANCEL)_/;

/**
 * The environment for a command. Within a job, variables describe that job, and commands take them for options of the next: `sbatch` there
 * fails with "SLURM_MEM_PER_CPU, SLURM_MEM_PER_NODE are mutually exclusive", or asks for what nobody wrote.
 */
export function cleanEnvironment(env: NodeJS.ProcessEnv = process.env): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).filter(
      (entry): entry is [string, string] => entry[1] !== undefined && (KEPT.has(entry[0]) || !OF_A_JOB.test(entry[0])),
    ),
  );
}

/** Runs a command of Slurm's. Rejects when it can't be run, or the controller is not there; any other failure is the caller's to judge. */
export async function call(
  command: readonly string[],
  { input, cwd, env, longest = LONGEST_MS, ...wait }: CallOptions = {},
): Promise<Answer> {
  budget.spend();
  const limit = Math.min(wait.timeout ?? longest, longest);
  try {
    const { returnCode, stdout, stderr } = await run(command, {
      ...wait,
      timeout: limit,
      captureOutput: true,
      encoding: 'utf8',
      env: { ...cleanEnvironment(), ...env },
      input: input ?? '',
      ...(cwd === undefined ? {} : { cwd }),
    });
    const answer = { command, exitCode: returnCode, stdout, stderr };
    if (returnCode !== 0) refuseAbsence(answer);
    return answer;
  } catch (cause) {
    if (cause instanceof ProcessStartError && cause.code === 'ENOENT') throw missing(command[0]!, cause);
    if (!(cause instanceof TimeoutExpired)) throw cause;
    const stderr = String(cause.stderr ?? '');
    throw new ControllerError(
      'ERR_SLURM_CONTROLLER',
      `${text(command)} got no answer within ${limit} ms`,
      { command, exitCode: null, stderr },
      DOWN,
      {
        cause,
      },
    );
  }
}

/** The same, but any exit code other than 0 is a `SlurmCommandError`. */
export async function callChecked(command: readonly string[], options: CallOptions = {}): Promise<Answer> {
  const answer = await call(command, options);
  if (answer.exitCode !== 0) throw failure(answer);
  return answer;
}

export function failure(answer: Answer): SlurmCommandError {
  if (/Invalid job id|Invalid job array/i.test(answer.stderr))
    return new NoSuchJobError(
      'ERR_SLURM_NO_SUCH_JOB',
      `${text(answer.command)} failed: ${said(answer)}`,
      answer,
      'Slurm forgets a job MinJobAge seconds after its end; sacct may still know it.',
    );
  return new SlurmCommandError('ERR_SLURM_COMMAND', `${text(answer.command)} ended with ${answer.exitCode}: ${said(answer)}`, answer);
}

/** What a command complained of, without its name on each line. */
export function said({ stderr, stdout }: Pick<Answer, 'stderr' | 'stdout'>): string {
  const lines = (stderr.trim() === '' ? stdout : stderr).trim().split('\n');
  return lines.map((line) => line.replace(/^\w+: (?:error|fatal): /, '')).join('; ');
}

export const text = (command: readonly string[]): string =>
  command.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : inspect(word))).join(' ');

const DOWN = 'Jobs that run go on without the controller. scontrol ping says whether it is back.';
/** It may be away for a moment, or for long. */
const AWAY =
  /Unable to contact slurm controller|Connection refused|Connection timed out|Connection reset|Zero Bytes were transmitted|Socket timed out|Communication connection failure|No route to host|Network is unreachable|Transport endpoint is not connected|backup controller is in standby|Unable to establish communication/i;
const NOT_SET_UP =
  /Unable to process configuration file|ClusterName needs to be specified|Could not establish a configuration source|Unable to load configuration/i;

function refuseAbsence(answer: Answer): void {
  const { command, stderr } = answer;
  if (NOT_SET_UP.test(stderr))
    throw new SlurmMissingError(
      `${command[0]} finds no configuration of Slurm: ${said(answer)}`,
      'This machine has the commands and belongs to no cluster: SLURM_CONF can name the file slurm.conf of one.',
    );
  if (AWAY.test(stderr))
    throw new ControllerError('ERR_SLURM_CONTROLLER', `${text(command)}: the controller does not answer: ${said(answer)}`, answer, DOWN);
}

const missing = (command: string, cause: unknown): SlurmMissingError =>
  new SlurmMissingError(
    `there is no Slurm on this machine: the command ${command} is not in the PATH`,
    'Run this on a login node of the cluster; or, to try it, have one on this machine: scripts/slurm/up.sh of this package makes it of the packages slurmctld, slurmd, slurm-client and munge.',
    { cause },
  );
