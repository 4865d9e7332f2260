import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { Stats } from '../profile/index.ts';
import type { Restriction, SortKey } from '../profile/index.ts';
import { byThread } from '../profile/exports/by-thread.ts';
import { collapsed, flameDiff, flameGraph, pprof, speedscope } from '../profile/exports/index.ts';
import { planFor, profilesIn, type ProgramSettings } from '../profile/program.ts';
import { environmentFor } from '../recording/plan.ts';
import { splitWords } from './own-words.ts';
import { launch } from './run-program.ts';
import { parse, UsageError } from './usage-error.ts';

const OPTIONS = {
  sort: { type: 'string' },
  limit: { type: 'string' },
  match: { type: 'string' },
  mode: { type: 'string' },
  interval: { type: 'string' },
  all: { type: 'boolean' },
  callers: { type: 'boolean' },
  callees: { type: 'boolean' },
  output: { type: 'string', short: 'o' },
  against: { type: 'string' },
  flame: { type: 'string' },
  cpuprofile: { type: 'string' },
  speedscope: { type: 'string' },
  pprof: { type: 'string' },
  collapsed: { type: 'string' },
  help: { type: 'boolean' },
} as const;

const USAGE = `manycore profile [options] <program> [arguments]
manycore profile [options] <report.json>     a report that --output has kept

  --sort <key>         cumtime (default), tottime, ncalls, pcalls, filename, line, name, nfl, stdname
  --limit <n>          so many rows, or such a part of them (0.1)
  --match <pattern>    rows whose name matches
  --all                functions inside Node, manycore and the loader (tsx) too, in the table and the flame graph
  --callers, --callees who called each function, whom it called
  --mode <mode>        sampling (default: costs next to nothing), counts (exact numbers of calls), exact (every call timed)
  --interval <µs>      between two samples: 2000
  --output, -o <file>  keeps the report, to be read again
  --against <file>     an earlier report: in the flame graph, what is dearer now is red, what is cheaper blue
  --flame <file>       a page with a flame graph, that needs nothing else
  --cpuprofile, --speedscope, --pprof, --collapsed <file>     for other tools`;

type Values = { readonly [name in keyof typeof OPTIONS]?: string | boolean };

/** Runs a program with all that it starts, then prints where the time went. Ends as the program does. */
export async function profileProgram(args: string[]): Promise<number> {
  const { own, program, rest } = splitWords(args, OPTIONS);
  const { values } = parse({ args: own, options: OPTIONS });
  if (values.help === true) {
    console.log(USAGE);
    return 0;
  }
  // Before the program runs: it may take long.
  const asked = askedFrom(values);
  checkFolders(values);
  if (program === undefined) throw new UsageError('profile needs a program: manycore profile app.ts');
  if (program.endsWith('.json')) {
    report(kept(program), asked, values, program);
    return 0;
  }
  const folder = mkdtempSync(join(tmpdir(), 'manycore-profile-'));
  try {
    const code = await launch(program, rest, environmentFor(planFor(folder, settingsFrom(values)), process.env));
    const recordings = profilesIn(folder);
    if (recordings.length === 0) {
      console.error(`manycore: ${program} has left no recording: it was killed within its first seconds, or did not run at all`);
      return code === 0 ? 1 : code;
    }
    report(new Stats(...recordings), asked, values, program);
    return code;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Asked {
  readonly sort: SortKey;
  readonly restrictions: readonly Restriction[];
  /** The earlier report. */
  readonly against: Stats | null;
}

function askedFrom({ sort = 'cumtime', match, limit, against }: Values): Asked {
  const restrictions: Restriction[] = [];
  if (match !== undefined) restrictions.push(String(match));
  if (limit !== undefined) restrictions.push(limit === '' ? NaN : Number(limit));
  return orUsage(() => {
    new Stats().sortStats(sort as SortKey).toString(...restrictions);
    return { sort: sort as SortKey, restrictions, against: against === undefined ? null : new Stats(String(against)) };
  });
}

const FILES = ['output', 'flame', 'cpuprofile', 'speedscope', 'pprof', 'collapsed'] as const;

function checkFolders(values: Values): void {
  for (const name of FILES) {
    const file = values[name];
    if (file !== undefined && !existsSync(dirname(resolve(String(file)))))
      throw new UsageError(`--${name} ${String(file)}: there is no folder ${dirname(resolve(String(file)))}`);
  }
}

const kept = (file: string): Stats => orUsage(() => new Stats(file));

/** What is wrong with the words of the command line, or with a file that they name, is told in one line. */
function orUsage<T>(make: () => T): T {
  try {
    return make();
  } catch (error) {
    throw new UsageError((error as Error).message, { cause: error });
  }
}

const MODES: readonly string[] = ['sampling', 'counts', 'exact'] satisfies ProgramSettings['mode'][];

function settingsFrom({ mode = 'sampling', interval }: Values): ProgramSettings {
  if (!MODES.includes(String(mode))) throw new UsageError(`there is no mode ${String(mode)}: the modes are ${MODES.join(', ')}`);
  const micros = interval === undefined ? undefined : Number(interval);
  if (micros !== undefined && !(micros >= 50))
    throw new UsageError(`--interval must be a number of microseconds, at least 50: got ${String(interval)}`);
  return { mode: mode as ProgramSettings['mode'], interval: micros };
}

function report(stats: Stats, { sort, restrictions, against }: Asked, values: Values, title: string): void {
  if (values.all !== true) stats.programOnly();
  stats.sortStats(sort);
  console.log(`\n${stats.toString(...restrictions)}`);
  if (values.callers === true) stats.printCallers(...restrictions);
  if (values.callees === true) stats.printCallees(...restrictions);
  if (new Set(stats.recordings.map(({ pid, threadId }) => `${pid}-${threadId}`)).size > 1) console.log(stats.lanes());
  const tasks = stats.tasks();
  if (tasks !== '') console.log(tasks);
  const write = (file: string | boolean | undefined, content: () => string | Uint8Array): void => {
    if (file === undefined) return;
    writeFileSync(String(file), content());
    console.log(`written: ${String(file)}`);
  };
  const { recordings } = stats;
  write(values.output, () => JSON.stringify(recordings));
  const name = basename(title);
  const shown = { all: values.all === true };
  write(values.flame, () =>
    against === null
      ? flameGraph(recordings, name, shown)
      : flameDiff(against.recordings, recordings, `${name}, against ${basename(String(values.against))}`, shown),
  );
  if (values.cpuprofile !== undefined) {
    // The format holds one thread.
    const file = String(values.cpuprofile);
    const threads = byThread(recordings);
    for (const { profile, pid, threadId } of threads) {
      const own = threads.length === 1 ? file : file.replace(/(\.cpuprofile)?$/, `-${pid}-${threadId}$1`);
      write(own, () => JSON.stringify(profile));
    }
  }
  write(values.speedscope, () => JSON.stringify(speedscope(recordings)));
  write(values.pprof, () => pprof(recordings));
  write(values.collapsed, () => collapsed(recordings));
}
