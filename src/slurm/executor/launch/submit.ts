import { batchLines } from '../../batch-script.ts';
import { submitScript } from '../../commands/sbatch.ts';
import { ControllerError, SlurmCommandError } from '../../errors.ts';
import { newMark, withMark } from '../../job/mark.ts';
import { JobFailedError, type JobFacts } from '../errors.ts';
import type { SlurmPlan } from '../link/plan.ts';
import { hintFor } from './hint.ts';

/** A command gets no answer for so long when the controller is away; it gives up by itself after some seconds. */
export const COMMAND: { readonly timeout: number } = { timeout: 30_000 };
/** How long it is tried to submit to a controller that does not answer, and the pause between two attempts. */
const SUBMIT_MS = 60_000;
const PAUSE_MS = 1000;

/** A job that was accepted. */
export interface Submitted {
  readonly job: string;
  /** What it is known by: numbers are given out twice. */
  readonly mark: string;
  /** What it is called, so that no other is cancelled. */
  readonly name: string;
}

/** The name that a job has by its mark, when it was given no other. */
export const nameFor = (mark: string): string => `manycore-${mark.slice(0, 8)}`;

/**
 * Submits a job with these options, and those of the plan, that runs a command. Rejects with `JobFailedError` when Slurm refuses it, or does not
 * answer for a minute.
 */
export async function submit(
  { directives, setup }: SlurmPlan,
  options: readonly string[],
  command: readonly string[],
  jobName?: string,
): Promise<Submitted> {
  const mark = newMark();
  const name = jobName ?? nameFor(mark);
  const asked = [`--job-name=${name}`, `--comment=${withMark('', mark)}`, ...options, '--open-mode=append', ...directives];
  const script = batchLines(asked, setup, command);
  const end = performance.now() + SUBMIT_MS;
  for (;;) {
    try {
      return { job: await submitScript(script, { mark, name }, COMMAND), mark, name };
    } catch (error) {
      if (!(error instanceof ControllerError) || performance.now() > end) throw refused(error as Error);
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }
}

function refused(error: Error): JobFailedError {
  const reason = error instanceof SlurmCommandError ? error.stderr.trim().replace(/^sbatch: (error: )?/gm, '') : error.message;
  const facts: JobFacts = {
    job: null,
    node: '',
    state: 'REFUSED',
    reason: '',
    exitCode: null,
    log: '',
    hint: hintFor('REFUSED', reason, ''),
  };
  return new JobFailedError(`sbatch refuses the job: ${reason}`, facts, { cause: error });
}
