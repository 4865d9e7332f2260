import { DirectiveError } from './errors.ts';
import { formatDuration } from './text/duration.ts';

/** A signal that a job gets before its time is up. SIGUSR2 rather than SIGUSR1, which opens Node's inspector. */
export interface EarlySignal {
  /** By name or number. */
  readonly signal: NodeJS.Signals | number;
  /** Milliseconds before the end; Slurm may be up to a minute early. */
  readonly before: number;
  /** The script's shell gets it, and not the steps that it has started. */
  readonly batchOnly?: boolean;
}

type JobLike = string | number | { readonly id: string };
type DependencyKind = 'after' | 'afterany' | 'afterok' | 'afternotok' | 'aftercorr' | 'afterburstbuffer';
/** `{ afterok: job }`: begins when these have ended well. All kinds that are named must hold. */
export type Dependency = { readonly [K in DependencyKind]?: JobLike | readonly JobLike[] };

/** What a job asks for. All of it can be left out: then the cluster's defaults hold. */
export interface Directives {
  /** A number, or a range as `2-4`. */
  readonly nodes?: number | string | undefined;
  /** Several: the one that is free first. */
  readonly partition?: string | readonly string[] | undefined;
  /** As Slurm writes it, `1:00:00` or `2-12`; or milliseconds. Slurm counts whole minutes. */
  readonly time?: string | number | undefined;
  /** How many tasks a step of it starts, on all nodes together. */
  readonly tasks?: number | undefined;
  /** How many tasks a step of it starts on each node. */
  readonly tasksPerNode?: number | undefined;
  /** How many CPUs each task gets on its node. */
  readonly cpusPerTask?: number | undefined;
  /** For each node: megabytes, or text as `4G`. */
  readonly memory?: number | string | undefined;
  /** For each CPU: megabytes, or text as `4G`. Not together with `memory`. */
  readonly memoryPerCpu?: number | string | undefined;
  /** `gpu:2`, or `{ gpu: 2 }`. */
  readonly gres?: string | Readonly<Record<string, number | string>> | undefined;
  /** The numbers of an array's elements: `0-9%3`, or a list. */
  readonly array?: string | readonly number[] | undefined;
  /** Text as Slurm writes it, or `{ afterok: job }`. */
  readonly dependency?: string | Dependency | undefined;
  /** Seen in queues; the program's name when left out. */
  readonly name?: string | undefined;
  /** A text that is kept with the job, and in the accounts. */
  readonly comment?: string | undefined;
  /** The file for its output; `%j` stands for the job's number. */
  readonly output?: string | undefined;
  /** The file for what it writes to stderr; that of its output when left out. */
  readonly error?: string | undefined;
  /** The file that it reads as its stdin. */
  readonly inputFile?: string | undefined;
  /** `append` keeps the log of a job that is put back. */
  readonly openMode?: 'append' | 'truncate' | undefined;
  /** Where it runs; the folder of this process when left out. */
  readonly cwd?: string | undefined;
  /** Which account pays; the user's default when left out. */
  readonly account?: string | undefined;
  /** The quality of service that it asks for: with it come limits and priority. */
  readonly qos?: string | undefined;
  /** The reservation whose nodes it uses. */
  readonly reservation?: string | undefined;
  /** Features that its nodes must have, as Slurm writes it: `gpu&fast`. */
  readonly constraint?: string | undefined;
  /** Nodes that it must have. */
  readonly nodeList?: string | readonly string[] | undefined;
  /** Nodes that it must not have. */
  readonly exclude?: string | readonly string[] | undefined;
  /** Nobody else's job runs on its nodes meanwhile. */
  readonly exclusive?: boolean | undefined;
  /** Whether it is put back when a node fails or a more urgent job comes. */
  readonly requeue?: boolean | undefined;
  /** It is submitted, and does not begin until it is released. */
  readonly hold?: boolean | undefined;
  /** It does not begin before: a moment, or as Slurm writes it, `now+1hour`. */
  readonly begin?: string | Date | undefined;
  /** How much less urgent it is than the user's other jobs. */
  readonly nice?: number | undefined;
  /** A signal that it gets before its time is up. */
  readonly earlySignal?: EarlySignal | undefined;
  /** It ends when its dependency can't come true any more; otherwise it waits for ever. */
  readonly endOnLostDependency?: boolean | undefined;
  /** Variables, beside those of this process. */
  readonly environment?: Readonly<Record<string, string>> | undefined;
  /** Whether it gets the variables of this process; true when left out. */
  readonly inheritEnvironment?: boolean | undefined;
  /** Loaded before the program starts, by `module load`: `['nodejs/20']`. For scripts. */
  readonly modules?: readonly string[] | undefined;
  /** Lines of the shell that are run before the program. They are yours: nothing in them is quoted. For scripts. */
  readonly setup?: readonly string[] | undefined;
  /** Any other option of Slurm's by its long name: `{ 'mail-type': 'END', contiguous: true }`. */
  readonly options?: Readonly<Record<string, string | number | boolean>> | undefined;
}

/** Slurm's options for them, `--nodes=2`, each a word. */
export function optionsOf(directives: Directives): string[] {
  const words: string[] = [];
  const add = (name: string, value: string | number | boolean | undefined): void => {
    if (value === undefined || value === false) return;
    words.push(value === true ? `--${name}` : `--${name}=${checked(name, String(value))}`);
  };
  for (const [key, value] of Object.entries(directives) as [keyof Directives, never][]) {
    const write = WRITERS[key];
    if (write === undefined)
      throw new DirectiveError(`there is no directive ${JSON.stringify(key)}: what has no name here goes into \`options\``);
    if (value !== undefined) write(value, add);
  }
  return words;
}

type Add = (name: string, value: string | number | boolean | undefined) => void;
type Writers = { readonly [K in keyof Required<Directives>]: (value: NonNullable<Directives[K]>, add: Add) => void };

const plain =
  (name: string) =>
  (value: string | number | boolean, add: Add): void =>
    add(name, value);
const count =
  (name: string) =>
  (value: number, add: Add): void => {
    if (!Number.isSafeInteger(value) || value < 1) throw new DirectiveError(`${name} must be a positive integer: got ${value}`);
    add(name, value);
  };
const memory =
  (name: string) =>
  (value: number | string, add: Add): void => {
    if (typeof value === 'number' && !(Number.isSafeInteger(value) && value >= 0))
      throw new DirectiveError(`${name} must be a number of megabytes, or text as 4G: got ${value}`);
    add(name, typeof value === 'number' ? `${value}M` : value);
  };
const list = (value: string | readonly string[]): string => (typeof value === 'string' ? value : value.join(','));
const none = (): void => {};

const WRITERS: Writers = {
  nodes: (value, add) => {
    if (!/^[1-9]\d*(-[1-9]\d*)?$/.test(String(value)))
      throw new DirectiveError(`nodes must be a positive integer, or a range as 2-4: got ${value}`);
    add('nodes', value);
  },
  partition: (value, add) => add('partition', list(value)),
  time: (value, add) => add('time', typeof value === 'number' ? formatDuration(value) : value),
  tasks: count('ntasks'),
  tasksPerNode: count('ntasks-per-node'),
  cpusPerTask: count('cpus-per-task'),
  memory: memory('mem'),
  memoryPerCpu: memory('mem-per-cpu'),
  gres: (value, add) =>
    add(
      'gres',
      typeof value === 'string'
        ? value
        : Object.entries(value)
            .map((entry) => entry.join(':'))
            .join(','),
    ),
  array: (value, add) => {
    if (value.length === 0) throw new DirectiveError('an array needs at least one element');
    add('array', typeof value === 'string' ? value : value.join(','));
  },
  dependency: (value, add) => add('dependency', typeof value === 'string' ? value : dependencyOf(value)),
  name: plain('job-name'),
  comment: plain('comment'),
  output: plain('output'),
  error: plain('error'),
  inputFile: plain('input'),
  openMode: plain('open-mode'),
  cwd: plain('chdir'),
  account: plain('account'),
  qos: plain('qos'),
  reservation: plain('reservation'),
  constraint: plain('constraint'),
  nodeList: (value, add) => add('nodelist', list(value)),
  exclude: (value, add) => add('exclude', list(value)),
  exclusive: plain('exclusive'),
  requeue: (value, add) => add(value ? 'requeue' : 'no-requeue', true),
  hold: plain('hold'),
  begin: (value, add) => add('begin', typeof value === 'string' ? value : localMoment(value)),
  nice: plain('nice'),
  earlySignal: ({ signal, before, batchOnly = false }, add) =>
    add('signal', `${batchOnly ? 'B:' : ''}${String(signal).replace(/^SIG/, '')}@${Math.ceil(before / 1000)}`),
  endOnLostDependency: (value, add) => add('kill-on-invalid-dep', value ? 'yes' : 'no'),
  environment: none,
  inheritEnvironment: (value, add) => add('export', value ? undefined : 'NONE'),
  modules: none,
  setup: none,
  options: (value, add) => {
    for (const [name, one] of Object.entries(value)) {
      if (!/^[a-z][a-z0-9-]*$/.test(name))
        throw new DirectiveError(`${JSON.stringify(name)} is no long name of an option: write it as mail-type`);
      add(name, one);
    }
  },
};

/** A value that is one line. With a line end in it, what follows would be a directive, or a command, of its own. */
function checked(name: string, value: string): string {
  // oxlint-disable-next-line no-control-regex
  if (/[\0-\x08\x0a-\x1f\x7f]/.test(value))
    throw new DirectiveError(`--${name} must be one line without control characters: got ${JSON.stringify(value)}`);
  return value;
}

function dependencyOf(dependency: Dependency): string {
  return Object.entries(dependency)
    .flatMap(([kind, jobs]) => {
      const ids = ((Array.isArray(jobs) ? jobs : [jobs]) as JobLike[]).map((job) => String(typeof job === 'object' ? job.id : job));
      return ids.length === 0 ? [] : `${kind}:${ids.join(':')}`;
    })
    .join(',');
}

/** Slurm takes times on the clock of the place. */
function localMoment(date: Date): string {
  const shifted = new Date(date.getTime() - date.getTimezoneOffset() * 60_000);
  return shifted.toISOString().slice(0, 19);
}
