import { expandElements, expandNodes } from '../text/node-list.ts';
import { parseDuration, parseMegabytes, parseMoment } from '../text/duration.ts';
import { orEmpty } from '../text/table.ts';
import { markOf, withoutMark } from './mark.ts';
import { type JobState, stateOf } from './states.ts';

/** What Slurm says of a job, at one moment. Times are on this machine's clock. */
export interface JobInfo {
  /** `12`; `12_3` for one element of an array, `12_[4-9]` for those that have not begun. */
  readonly id: string;
  /** The array that it belongs to; null for none. */
  readonly array: string | null;
  /** Which elements of the array this row is about; empty for no array. */
  readonly elements: readonly number[];
  /** What it was called when it was submitted. */
  readonly name: string;
  /** Who submitted it. */
  readonly user: string;
  /** The partition that it waits for or runs in; several, with commas, while it waits for the first one. */
  readonly partition: string;
  /** Which account pays for it. */
  readonly account: string;
  /** The state that it is in. */
  readonly state: JobState;
  /** Why it waits, or why it has failed; empty for nothing. */
  readonly reason: string;
  /** Its exit code; null while it has none. */
  readonly exitCode: number | null;
  /** The number of the signal that ended it; null for none. */
  readonly signal: number | null;
  /** How often it was put back. */
  readonly restarts: number;
  /** The nodes that it has, or had; empty while it waits. */
  readonly nodes: readonly string[];
  /** How many nodes it asks for, or has. */
  readonly nodeCount: number;
  /** How many CPUs it asks for, or has. */
  readonly cpus: number;
  /** How many tasks its steps start. */
  readonly tasks: number;
  /** Megabytes, for each node or each CPU; null when unknown. */
  readonly memory: number | null;
  /** When it was submitted. */
  readonly submitted: Date | null;
  /** When it began, or will begin as far as can be foreseen. */
  readonly started: Date | null;
  /** When it ended, or will have to as far as can be foreseen; null when unknown. */
  readonly ended: Date | null;
  /** Milliseconds. */
  readonly timeLimit: number | null;
  /** Milliseconds that it has run. */
  readonly timeUsed: number | null;
  /** The folder that it runs in. */
  readonly folder: string;
  /** The script or command, with its path where Slurm knows it. */
  readonly command: string;
  /** Where its output goes, with the numbers filled in as far as they are known. */
  readonly output: string;
  /** Where its errors go, with the numbers filled in as far as they are known. */
  readonly error: string;
  /** What it still waits for, as Slurm writes it; empty for nothing. */
  readonly dependency: string;
  /** The greater, the sooner it comes. */
  readonly priority: number;
  /** The comment that it was submitted with, without this library's mark. */
  readonly comment: string;
  /** What tells it from all other jobs, also when a number is given out twice; null for a job that this library did not submit. */
  readonly mark: string | null;
}

/** The fields of squeue's --Format, in the order in which `jobInfo` takes them. */
export const FIELDS = [
  'JobArrayID',
  'ArrayJobID',
  'ArrayTaskID',
  'Name',
  'UserName',
  'Partition',
  'Account',
  'State',
  'Reason',
  'exit_code',
  'RestartCnt',
  'NodeList',
  'NumNodes',
  'NumCPUs',
  'NumTasks',
  'MinMemory',
  'SubmitTime',
  'StartTime',
  'EndTime',
  'TimeLimit',
  'TimeUsed',
  'WorkDir',
  'Command',
  'STDOUT',
  'STDERR',
  'Dependency',
  'PriorityLong',
  'Comment',
] as const;

export function jobInfo(row: readonly string[]): JobInfo {
  const [id, arrayId, elements, name, user, partition, account, state, reason, status, restarts, nodes] = row as [string, ...string[]];
  const [
    count,
    cpus,
    tasks,
    memory,
    submitted,
    started,
    ended,
    limit,
    used,
    folder,
    command,
    output,
    error,
    dependency,
    priority,
    comment,
  ] = row.slice(12) as [string, ...string[]];
  const isOfArray = orEmpty(elements!) !== '';
  const wait = Number(status) || 0;
  return {
    id,
    array: isOfArray ? arrayId! : null,
    elements: isOfArray ? expandElements(elements!) : [],
    name: name!,
    user: user!,
    partition: partition!,
    account: orEmpty(account!),
    state: stateOf(state!),
    reason: orEmpty(reason!),
    // As waitpid gives it: the exit code above, the signal below, and a bit for a core file.
    exitCode: status === '' ? null : wait >> 8,
    signal: (wait & 0x7f) === 0 ? null : wait & 0x7f,
    restarts: Number(restarts) || 0,
    nodes: expandNodes(orEmpty(nodes!)),
    nodeCount: Number.parseInt(count, 10) || 0,
    cpus: Number.parseInt(cpus!, 10) || 0,
    tasks: Number.parseInt(tasks!, 10) || 0,
    memory: parseMegabytes(memory!),
    submitted: parseMoment(submitted!),
    started: parseMoment(started!),
    ended: parseMoment(ended!),
    timeLimit: parseDuration(limit!),
    timeUsed: parseDuration(used!),
    folder: folder!,
    command: orEmpty(command!),
    output: orEmpty(output!),
    error: orEmpty(error!),
    dependency: orEmpty(dependency!),
    priority: Number(priority) || 0,
    comment: withoutMark(orEmpty(comment!)),
    mark: markOf(comment!),
  };
}
