import type { Wait } from '../../base/deadline.ts';
import type { CompletedProcess } from '../../subprocess/completed.ts';
import { type Directives, optionsOf } from '../directives.ts';
import { DirectiveError, SlurmError } from '../errors.ts';
import { Job } from '../job/job.ts';
import { newMark, withMark } from '../job/mark.ts';
import { call } from './call.ts';
import { scancel } from './scancel.ts';
import { squeue } from './squeue.ts';
import { srun, type StepOptions } from './srun.ts';
import { submitError } from './submit-error.ts';

/** Nodes that are ours until it is disposed of: `await using nodes = await salloc({ nodes: 2 })`. */
export class Allocation extends Job {
  /** Runs a command on them, as `srun` does. */
  run<const O extends Omit<StepOptions, 'job'>>(
    command: readonly string[],
    options: O = {} as O,
  ): Promise<CompletedProcess<O extends { readonly captureOutput: true } ? string : null, string>> {
    return srun(command, { ...options, job: this.id } as O & { readonly job: string });
  }

  /** Gives the nodes back, and ends what runs there. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.cancel();
  }
}

/**
 * Allocates nodes and resolves once they are there: then `run` starts programs on them. They stay ours until they are given back, or their
 * time is up; this program's end does not end them. `timeout` and `signal` give up waiting, and withdraw the request.
 */
export async function salloc(directives: Directives = {}, wait: Wait = {}): Promise<Allocation> {
  if ((directives.modules ?? directives.setup) !== undefined)
    throw new DirectiveError('salloc runs no script: modules and setup are for sbatch');
  const mark = newMark();
  const name = directives.name ?? 'interactive';
  const words = ['salloc', '--no-shell', ...optionsOf({ ...directives, name, comment: withMark(directives.comment ?? '', mark) })];
  let answer;
  try {
    answer = await call(words, { ...wait, cwd: directives.cwd, longest: Infinity });
  } catch (error) {
    // salloc takes its request back when it is ended, but not when that comes just after it was granted.
    await withdraw(mark, name).catch(() => {});
    throw error;
  }
  if (answer.exitCode !== 0) throw await submitError(answer);
  const id = /Granted job allocation (\d+)/.exec(answer.stderr)?.[1];
  if (id === undefined) throw new SlurmError('ERR_SLURM_COMMAND', `salloc gives no number of a job: ${answer.stderr}`);
  return new Allocation({ id, name, mark, isArray: false });
}

async function withdraw(mark: string, name: string): Promise<void> {
  const ids = (await squeue({ user: 'me', name })).filter((row) => row.mark === mark).map(({ id }) => id);
  await scancel(ids);
}
