import { type Fields, scontrol } from '../../commands/scontrol.ts';
import { NoSuchJobError } from '../../errors.ts';
import { tellsOfMemory } from '../../job/end.ts';
import { tailOf } from '../../job/log.ts';
import { markOf } from '../../job/mark.ts';
import { isEnd, stateOf } from '../../job/states.ts';
import type { JobFacts } from '../errors.ts';
import { hintFor } from './hint.ts';
import { COMMAND, type Submitted } from './submit.ts';

/** What begins the reason when the controller does not answer: nothing is known then, not even that the job has ended. */
const NO_ANSWER = 'no answer from the controller';
export const isUnanswered = ({ state, reason }: JobFacts): boolean => state === 'UNKNOWN' && reason.startsWith(NO_ANSWER);

/** What is known of a job, or of an element of an array, now; its log lies at `log`. Never rejects. */
export async function factsOf({ job, mark }: Pick<Submitted, 'job' | 'mark'>, log: string): Promise<JobFacts> {
  const text = await tailOf(log);
  const fact = (state: string, reason: string, exitCode: number | null, node = ''): JobFacts => ({
    job,
    node,
    state,
    reason,
    exitCode,
    log: text,
    hint: hintFor(state, reason, text, exitCode),
  });
  try {
    const [fields = {}] = await scontrol.showJob(job, COMMAND);
    if (markOf(fields['Comment'] ?? '') !== mark)
      return fact('UNKNOWN', 'Slurm has forgotten it, and given its number to another job', null);
    const said = stateOf(fields['JobState'] ?? '');
    const state = said === 'FAILED' && tellsOfMemory(text) ? 'OUT_OF_MEMORY' : said;
    const [code = 0, signal = 0] = (fields['ExitCode'] ?? '').split(':').map(Number);
    const exitCode = code === 0 && signal > 0 ? -signal : code;
    return fact(state, (fields['Reason'] ?? '').replace(/^None$/, ''), isEnd(state) ? exitCode : null, nodeOf(fields));
  } catch (error) {
    const reason = error instanceof NoSuchJobError ? 'Slurm knows it no longer' : `${NO_ANSWER}: ${(error as Error).message}`;
    return fact('UNKNOWN', reason, null);
  }
}

/** The node that the job's script runs on. */
const nodeOf = ({ BatchHost = '', NodeList = '' }: Fields): string =>
  /[a-z\d]/i.test(BatchHost) ? BatchHost : NodeList.replace(/^\(null\)$/, '');
