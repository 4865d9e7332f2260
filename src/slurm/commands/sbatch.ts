import type { Wait } from '../../base/deadline.ts';
import { batchScript, type JobCommand, nameOf } from '../batch-script.ts';
import type { Directives } from '../directives.ts';
import { ControllerError, SlurmError } from '../errors.ts';
import { Job, jobFrom } from '../job/job.ts';
import { newMark, withMark } from '../job/mark.ts';
import { call, type CallOptions } from './call.ts';
import { squeue } from './squeue.ts';
import { submitError } from './submit-error.ts';

/** How often, and after how many milliseconds each, a job is looked for of which nobody knows whether it was accepted. */
const LOOKS = [1000, 2000, 4000];

/**
 * Submits a job: `await sbatch(['srun', 'node', 'program.js'], { nodes: 2, partition: 'broadwell', time: '1:00:00' })`. Resolves as soon as
 * Slurm has accepted it. The script goes to sbatch directly: no file is written.
 *
 * Rejects with `DirectiveError`, `SubmitError` (Slurm refuses: why, and what there is instead), `ControllerError` (it does not answer; then no job
 * was submitted as far as can be known), `SlurmMissingError`. Can be cancelled by `signal` and `timeout`; the job may have been accepted then.
 */
export async function sbatch(command: JobCommand, directives: Directives = {}, wait: Wait = {}): Promise<Job> {
  const mark = newMark();
  const marked = { ...directives, comment: withMark(directives.comment ?? '', mark) };
  const name = directives.name ?? nameOf(command);
  const script = batchScript(command, { ...marked, name });
  const id = await submitScript(script, { mark, name }, { ...wait, cwd: directives.cwd });
  return jobFrom({ id, name, mark, isArray: directives.array !== undefined });
}

/** Submits a script that gives the job this mark, and this name: the job's number. Rejects as `sbatch` does. */
export async function submitScript(
  script: string,
  { mark, name }: { readonly mark: string; readonly name: string },
  options: Omit<CallOptions, 'input'> = {},
): Promise<string> {
  try {
    const answer = await call(['sbatch', '--parsable'], { ...options, input: script });
    if (answer.exitCode !== 0) throw await submitError(answer);
    const id = /^(\d+)/m.exec(answer.stdout)?.[1];
    if (id === undefined) throw new SlurmError('ERR_SLURM_COMMAND', `sbatch gives no number of a job: ${JSON.stringify(answer.stdout)}`);
    return id;
  } catch (error) {
    if (!(error instanceof ControllerError) || !isAmbiguous(error)) throw error;
    // "Socket timed out" is said of jobs that were accepted, too. Whoever submits again now has it twice.
    const found = await find(mark, name);
    if (found !== null) return found;
    throw error;
  }
}

const isAmbiguous = ({ stderr, exitCode }: ControllerError): boolean => exitCode === null || /timed out|Zero Bytes|reset/i.test(stderr);

async function find(mark: string, name: string): Promise<string | null> {
  for (const delay of LOOKS) {
    await new Promise((resolve) => setTimeout(resolve, delay));
    try {
      const rows = await squeue({ user: 'me', name: name.includes(',') ? undefined : name, states: 'all' });
      const row = rows.find((one) => one.mark === mark);
      if (row !== undefined) return row.array ?? row.id;
    } catch (error) {
      if (!(error instanceof ControllerError)) throw error;
    }
  }
  return null;
}
