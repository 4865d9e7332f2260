import type { Wait } from '../../base/deadline.ts';
import { CompletedProcess } from '../../subprocess/completed.ts';
import { PIPE } from '../../subprocess/constants.ts';
import { CalledProcessError, ProcessStartError } from '../../subprocess/errors.ts';
import type { Input } from '../../subprocess/options.ts';
import { run } from '../../subprocess/run.ts';
import { budget } from '../budget.ts';
import { type Directives, optionsOf } from '../directives.ts';
import { DirectiveError } from '../errors.ts';
import { call, cleanEnvironment } from './call.ts';
import { submitError } from './submit-error.ts';
import { idOf, type JobLike } from './words.ts';

export interface StepOptions extends Directives, Wait {
  /** Runs within this job's nodes; left out, within the job that this program is in, or in one made for it. `null`: always one made for it. */
  readonly job?: JobLike | null | undefined;
  /** What the tasks read on stdin. */
  readonly input?: Input | undefined;
  /** Each line begins with the number of the task that wrote it. */
  readonly label?: boolean | undefined;
  /** Kept and given; otherwise it goes where the output of this program goes. */
  readonly captureOutput?: boolean | undefined;
  /** Rejects with `CalledProcessError` unless all tasks end with 0. */
  readonly check?: boolean | undefined;
}

/**
 * Runs a command on nodes, and resolves when all its tasks have ended: `await srun(['hostname'], { nodes: 2, captureOutput: true })`. The
 * return code is the highest of the tasks'. Waits for its turn in the queue first.
 *
 * `timeout` and `signal` end the tasks, and what was allocated for them. Rejects with `SubmitError` when Slurm refuses, `SlurmMissingError` when there
 * is none.
 */
export async function srun<const O extends StepOptions>(
  command: readonly string[],
  options: O = {} as O,
): Promise<CompletedProcess<O extends { readonly captureOutput: true } ? string : null, string>> {
  const {
    job = process.env['SLURM_JOB_ID'],
    input,
    label = false,
    captureOutput = false,
    check = false,
    timeout,
    signal,
    ...directives
  } = options as StepOptions;
  if (command.length === 0) throw new DirectiveError('srun needs a command: got an empty list');
  if ((directives.modules ?? directives.setup) !== undefined)
    throw new DirectiveError(
      "srun starts programs without a shell: modules and setup are for scripts. Use sbatch, or ['bash', '-lc', 'module load …; exec …']",
    );
  const words = ['srun', ...optionsOf(directives), ...(label ? ['--label'] : [])];
  if (job !== undefined && job !== null) words.push(`--jobid=${idOf(job)}`, '--overlap');
  words.push('--', ...command);
  budget.spend();
  const { returnCode, stdout, stderr } = await start(words, { directives, input, captureOutput, timeout, signal });
  if (returnCode !== 0 && REFUSED.test(stderr)) throw await submitError({ command: words, exitCode: returnCode, stdout: '', stderr });
  // Says what is not there, or why.
  if (returnCode !== 0 && ABSENT.test(stderr)) await call(['sinfo', '--noheader'], { timeout, signal });
  if (check && returnCode !== 0) throw new CalledProcessError(returnCode, words, stdout, stderr);
  return new CompletedProcess(words, returnCode, stdout, stderr) as never;
}

async function start(
  words: readonly string[],
  { directives, input, captureOutput, ...wait }: Wait & { directives: Directives; input: Input | undefined; captureOutput: boolean },
): Promise<{ readonly returnCode: number; readonly stdout: string | null; readonly stderr: string }> {
  try {
    const done = await run(words, {
      ...wait,
      env: { ...cleanEnvironment(), ...directives.environment },
      ...(directives.cwd === undefined ? {} : { cwd: directives.cwd }),
      input: input ?? '',
      encoding: 'utf8',
      stdout: captureOutput ? PIPE : null,
      // Read here too: srun says there why it was refused.
      stderr: captureOutput ? PIPE : [PIPE, 2],
    });
    return { returnCode: done.returnCode, stdout: done.stdout, stderr: done.stderr ?? '' };
  } catch (error) {
    // Says that there is no Slurm here, and what to do.
    if (error instanceof ProcessStartError && error.code === 'ENOENT' && error.path === 'srun') await call(['srun', '--version']);
    throw error;
  }
}

const REFUSED = /Unable to allocate resources|Unable to create step|invalid partition|Invalid --?\w+ specification|mutually exclusive/i;
const ABSENT = /Unable to contact slurm controller|configuration/i;
