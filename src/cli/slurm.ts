import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { type Directives, Job, sbatch, scancel, SlurmError, squeue, srun } from '../slurm/index.ts';
import { flagsFor } from './run-program.ts';
import { parse, UsageError } from './usage-error.ts';

const USAGE = 'slurm run|submit <program> [arguments], slurm status [job …], slurm logs <job> [-f], slurm cancel <job …>';

/** What `manycore slurm` can do. Slurm's own short options come before the program: -N 2 -p normal -t 1:00:00. */
const VERBS: Readonly<Record<string, (args: string[]) => Promise<number>>> = { run, submit, status, logs, cancel };

export async function slurm([verb = '', ...args]: string[]): Promise<number> {
  const does = VERBS[verb];
  if (does === undefined) throw new UsageError(`${verb === '' ? 'slurm needs a word more' : `slurm can't ${verb}`}: ${USAGE}`);
  try {
    return await does(args);
  } catch (error) {
    if (!(error instanceof SlurmError)) throw error;
    console.error(`manycore: ${error.message}`);
    return 1;
  }
}

const OPTIONS = {
  nodes: { type: 'string', short: 'N' },
  partition: { type: 'string', short: 'p' },
  time: { type: 'string', short: 't' },
  tasks: { type: 'string', short: 'n' },
  memory: { type: 'string' },
  name: { type: 'string', short: 'J' },
  output: { type: 'string', short: 'o' },
  gres: { type: 'string' },
  array: { type: 'string', short: 'a' },
  dependency: { type: 'string', short: 'd' },
  module: { type: 'string', multiple: true, short: 'm' },
  option: { type: 'string', multiple: true },
} as const;

/** Options may stand before the program or behind it; behind `--` all is the program's. */
function asked(args: string[]): { readonly command: string[]; readonly directives: Directives } {
  const { values, positionals } = parse({ args, options: OPTIONS, allowPositionals: true });
  const [program, ...rest] = positionals;
  if (program === undefined) throw new UsageError(`slurm needs a program: ${USAGE}`);
  if (!existsSync(program)) throw new UsageError(`there is no program ${resolve(program)}`);
  const { module: modules, option, tasks, ...texts } = values;
  const options = Object.fromEntries(
    (option ?? []).map((one) => [one.split('=')[0]!, one.includes('=') ? one.slice(one.indexOf('=') + 1) : true]),
  );
  const directives = {
    name: program.replace(/.*\//, ''),
    ...texts,
    options,
    ...(tasks === undefined ? {} : { tasks: Number(tasks) }),
    ...(modules === undefined ? {} : { modules }),
  };
  // A module brings a Node of its own.
  const node = modules === undefined ? process.execPath : 'node';
  return { command: [node, ...flagsFor(program), resolve(program), ...rest], directives };
}

async function run(args: string[]): Promise<number> {
  const { command, directives } = asked(args);
  const { modules, ...rest } = directives;
  if (modules !== undefined) throw new UsageError('slurm run starts the program without a shell: modules are for slurm submit');
  return (await srun(command, rest)).exitCode;
}

async function submit(args: string[]): Promise<number> {
  const { command, directives } = asked(args);
  const job = await sbatch(['srun', ...command], directives);
  console.log(`job ${job.id}`);
  return 0;
}

async function status(args: string[]): Promise<number> {
  const { positionals } = parse({ args, allowPositionals: true, options: {} });
  const rows = await squeue(positionals.length === 0 ? { user: 'me' } : { jobs: positionals, states: 'all' });
  const lines = rows.map((job) => [job.id, job.name, job.partition, job.state, job.nodes.join(',') || job.reason]);
  const table = [['JOB', 'NAME', 'PARTITION', 'STATE', 'NODES OR REASON'], ...lines];
  const widths = table[0]!.map((_, i) => Math.max(...table.map((row) => row[i]!.length)));
  for (const row of table)
    console.log(
      row
        .map((cell, i) => cell.padEnd(widths[i]!))
        .join('  ')
        .trimEnd(),
    );
  return positionals.length > 0 && rows.length === 0 ? 1 : 0;
}

async function logs(args: string[]): Promise<number> {
  const { values, positionals } = parse({ args, allowPositionals: true, options: { follow: { type: 'boolean', short: 'f' } } });
  const [id] = positionals;
  if (id === undefined) throw new UsageError('slurm logs needs the number of a job');
  const job = await Job.attach(id);
  for await (const line of job.logs({ follow: values.follow === true })) console.log(line);
  return 0;
}

async function cancel(args: string[]): Promise<number> {
  const { positionals } = parse({ args, allowPositionals: true, options: {} });
  if (positionals.length === 0) throw new UsageError('slurm cancel needs the numbers of jobs');
  await scancel(positionals);
  return 0;
}
