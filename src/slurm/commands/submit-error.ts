import { SubmitError } from '../errors.ts';
import { type Answer, said, text } from './call.ts';
import { sinfo } from './sinfo.ts';

const HINTS: readonly (readonly [RegExp, string])[] = [
  [/mutually exclusive/i, 'Give memory for each node, or for each CPU, and not both.'],
  [/Memory specification can not be satisfied/i, 'No node has so much memory: sinfo() says how much there is.'],
  [/Requested node configuration is not available/i, 'No node has all that is asked for together: sinfo() says what there is.'],
  [/Invalid generic resource/i, 'No node has this gres: sinfo() says which there are.'],
  [/Invalid --time|time limit/i, 'A time looks like 1:00:00, and a partition has a longest one: sinfo() says it.'],
  [/Invalid account|Invalid qos/i, 'sacctmgr show associations says which accounts you have.'],
  [/Requested node.*(busy|down)|allocation failure/i, 'The nodes are not free, and it was asked not to wait.'],
  [/array.*(size|limit)|Invalid job array/i, 'An array may have MaxArraySize elements: scontrol.showConfig() says how many that is.'],
];

/** Says why a job was refused. A partition that there isn't: with those that there are. */
export async function submitError(answer: Answer): Promise<SubmitError> {
  let hint = HINTS.find(([pattern]) => pattern.test(answer.stderr))?.[1] ?? '';
  if (/invalid partition/i.test(answer.stderr)) {
    const names = await sinfo().then(
      (groups) => [...new Set(groups.map(({ partition }) => partition))].join(', '),
      () => '',
    );
    hint = names === '' ? 'sinfo() says which partitions there are.' : `The partitions here are: ${names}.`;
  }
  return new SubmitError('ERR_SLURM_SUBMIT', `Slurm refuses the job: ${said(answer)} (${text(answer.command)})`, answer, hint);
}
