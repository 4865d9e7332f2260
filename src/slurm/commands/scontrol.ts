import type { Wait } from '../../base/deadline.ts';
import { DirectiveError } from '../errors.ts';
import { callChecked } from './call.ts';
import { idOf, type JobLike, listOf } from './words.ts';

/** What `scontrol show` says of one thing: its fields by Slurm's names, as text. */
export type Fields = Readonly<Record<string, string>>;

const show = async (what: string, of: string | undefined, wait: Wait | undefined): Promise<Fields[]> => {
  const { stdout } = await callChecked(['scontrol', 'show', '--oneliner', what, ...(of === undefined ? [] : [one(of)])], wait);
  return stdout
    .split('\n')
    .filter((line) => /^\w+=/.test(line))
    .map(fieldsOf);
};
const order = async (...words: string[]): Promise<void> => void (await callChecked(['scontrol', ...words]));

/** Words that the controller takes: to look at jobs and nodes in full, and to change them. Each is one call. */
export const scontrol = {
  /** All fields of a job, or of all elements of an array. */
  showJob: (job: JobLike, wait?: Wait): Promise<Fields[]> => show('job', idOf(job), wait),
  /** All nodes, or one. */
  showNode: (name?: string, wait?: Wait): Promise<Fields[]> => show('node', name, wait),
  showPartition: (name?: string, wait?: Wait): Promise<Fields[]> => show('partition', name, wait),
  /** The configuration of the cluster: `MaxArraySize`, `MinJobAge`, `SLURM_VERSION`. */
  async showConfig(wait?: Wait): Promise<Fields> {
    const { stdout } = await callChecked(['scontrol', 'show', 'config'], wait);
    return Object.fromEntries([...stdout.matchAll(/^(\S+)\s+= (.*)$/gm)].map((match) => [match[1]!, match[2]!.trim()]));
  },
  /** Whether a controller answers. Rejects only when there is no Slurm here. */
  async ping(wait?: Wait): Promise<boolean> {
    const { stdout } = await callChecked(['scontrol', 'ping'], wait).catch((error: { readonly code?: string }) => {
      if (error.code === 'ERR_SLURM_MISSING') throw error;
      return { stdout: '' };
    });
    return / is UP$/m.test(stdout);
  },
  /** A job that waits is not to begin. */
  hold: (job: JobLike): Promise<void> => order('hold', idOf(job)),
  release: (job: JobLike): Promise<void> => order('release', idOf(job)),
  /** A job that runs is stopped, and goes on by `resume`. */
  suspend: (job: JobLike): Promise<void> => order('suspend', idOf(job)),
  resume: (job: JobLike): Promise<void> => order('resume', idOf(job)),
  /** Ends a running job, or takes one that has ended, and puts it back into the queue. It keeps its number. */
  requeue: (job: JobLike | readonly JobLike[]): Promise<void> => order('requeue', listOf(job).map(idOf).join(',')),
  /** Changes fields of a job: `{ TimeLimit: '2:00:00' }`. */
  updateJob: (job: JobLike, changes: Fields): Promise<void> => order('update', `JobId=${idOf(job)}`, ...changesOf(changes)),
  /** Changes fields of a node: `{ State: 'RESUME' }`. */
  updateNode: (name: string, changes: Fields): Promise<void> => order('update', `NodeName=${one(name)}`, ...changesOf(changes)),
};

function changesOf(changes: Fields): string[] {
  return Object.entries(changes).map(([name, text]) => {
    // oxlint-disable-next-line no-control-regex
    if (!/^\w+$/.test(name) || /[\0-\x1f\x7f]/.test(text))
      throw new DirectiveError(`scontrol can't set ${JSON.stringify(name)} to ${JSON.stringify(text)}`);
    return `${name}=${text}`;
  });
}

function one(name: string): string {
  if (!/^[\w.[\],-]+$/.test(name) || name.startsWith('-'))
    throw new DirectiveError(`${JSON.stringify(name)} is no name of a node or partition`);
  return name;
}

/** Fields stand in one line, `Name=value`; a value may contain spaces, and ends where the next field begins. */
export function fieldsOf(line: string): Fields {
  const starts = [...line.matchAll(/(?:^| +)([A-Z][\w/:&]*)=/g)];
  return Object.fromEntries(
    starts.map((start, i) => [start[1]!, line.slice(start.index + start[0].length, starts[i + 1]?.index ?? line.length).trim()]),
  );
}
