import { version } from '../base/version.ts';

/** What the first word of the command line stands for. Its code is loaded when it runs: who asks for a version waits for nothing else. */
export interface Command {
  readonly usage: string;
  readonly does: string;
  /** It says more about itself, when `--help` stands among its arguments. */
  readonly explains?: boolean;
  /** Gives the exit code. */
  readonly run: (args: string[]) => number | Promise<number>;
}

export const commands: Readonly<Record<string, Command>> = {
  practical: {
    usage: 'practical [P26 …] [--list] [--json] [--against-python] [--report file]',
    does: 'runs the programs of the practical, and says whether each shows what it should',
    run: async (args) => (await import('./practical.ts')).practical(args),
  },
  run: {
    usage: 'run <program> [arguments]',
    does: 'runs a TypeScript or JavaScript program',
    run: async (args) => (await import('./run-program.ts')).runProgram(args),
  },
  map: {
    usage: "map <file>#<function> --over 'src/**/*.ts' [--on threads|processes|slurm] [options]",
    does: 'calls a function with each of many inputs, in parallel; goes on where it was (map --help)',
    explains: true,
    run: async (args) => (await import('./map.ts')).map(args),
  },
  profile: {
    usage: 'profile [options] <program> [arguments]',
    does: 'runs a program, and tells where its threads and processes spent their time',
    explains: true,
    run: async (args) => (await import('./profile.ts')).profileProgram(args),
  },
  trace: {
    usage: 'trace [-o trace.html|.json] <program> [arguments]',
    does: 'runs a program, and shows when its threads and processes ran what and waited for what',
    explains: true,
    run: async (args) => (await import('./trace.ts')).traceProgram(args),
  },
  dump: {
    usage: 'dump <pid>',
    does: 'prints what every thread of a running Node process does, and what it waits for',
    run: async (args) => (await import('./dump.ts')).dump(args),
  },
  top: {
    usage: 'top [pid] [--interval ms] [--count n]',
    does: 'shows how busy the threads of a running Node process are, and in which functions; of the only one there is when none is named',
    run: async (args) => (await import('./top.ts')).top(args),
  },
  ps: {
    usage: 'ps <pid>',
    does: 'prints the tasks of asyncio in a running process, and what each waits for',
    run: async (args) => (await import('./ps.ts')).ps(args),
  },
  pstree: {
    usage: 'pstree <pid>',
    does: 'prints them as a tree: below each, those that it waits for',
    run: async (args) => (await import('./ps.ts')).pstree(args),
  },
  slurm: {
    usage: 'slurm run|submit|status|logs|cancel [-N 2 -p normal -t 1:00:00] <program or job>',
    does: 'runs a program on the nodes of a cluster, now or as a job; shows jobs and their logs, and cancels them',
    run: async (args) => (await import('./slurm.ts')).slurm(args),
  },
  '--version': { usage: '--version', does: 'prints the version', run: () => print(version) },
  '--help': { usage: '--help', does: 'prints this', run: () => print(help()) },
};

const ASKS: ReadonlySet<string> = new Set(['--help', '-h', 'help']);

/** What a command line asks for: `undefined` when there is no such command. Help comes in every order: `ps --help`, `help ps`. */
export function asked([name = '--help', ...args]: readonly string[]): (() => number | Promise<number>) | undefined {
  const isHelp = ASKS.has(name);
  if (isHelp && args.length === 0) return () => commands['--help']!.run([]);
  const which = isHelp ? args[0]! : name;
  const command = Object.hasOwn(commands, which) ? commands[which]! : undefined;
  if (command === undefined) return undefined;
  if (!isHelp && !(args[0] === '--help' || args[0] === '-h')) return () => command.run(args);
  if (command.explains === true) return () => command.run(['--help']);
  return () => print(`manycore ${command.usage}\n\n${command.does}`);
}

function help(): string {
  const width = Math.max(...Object.values(commands).map(({ usage }) => usage.length));
  return ['manycore <command>', '', ...Object.values(commands).map(({ usage, does }) => `  ${usage.padEnd(width)}  ${does}`)].join('\n');
}

function print(text: string): number {
  console.log(text);
  return 0;
}
