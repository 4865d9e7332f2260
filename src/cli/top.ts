import { readFileSync } from 'node:fs';
import { clearScreenDown, cursorTo } from 'node:readline';
import type { Profiler } from 'node:inspector';
import { attach } from '../host/attach/attach.ts';
import { type ProcessDescription, ProcessView, threadOf } from '../profile/live/process-view.ts';
import { onlyProcess, sayingWhyNot } from './attaching.ts';
import { headline } from './dump.ts';
import { parse, UsageError } from './usage-error.ts';

const PATIENCE_MS = 1000;
const SAMPLE_US = 1000;

/** Shows, again and again, how busy the threads of a process are, in which functions, and what they wait for. Ends by Ctrl-C. */
export function top(args: string[]): number | Promise<number> {
  const { positionals, values } = parse({
    args,
    allowPositionals: true,
    options: { interval: { type: 'string', default: '1000' }, count: { type: 'string', default: 'Infinity' } },
  });
  const pid = onlyProcess('top', positionals);
  const [interval, count] = [Number(values.interval), Number(values.count)];
  if (!(interval >= 100)) throw new UsageError(`--interval must be a number of milliseconds, at least 100: got ${values.interval}`);
  if (!(count >= 1)) throw new UsageError(`--count must be at least 1: got ${values.count}`);
  return sayingWhyNot(async () => {
    await using attached = await attach(pid);
    const over = new AbortController();
    process.once('SIGINT', () => over.abort());
    const view = new ProcessView(attached, interval + PATIENCE_MS);
    await view.inTime(view.threads.findWorkers());
    for (let round = 0; round < count && !over.signal.aborted; round++) {
      const description = await view.describe();
      const before = cpuTimes(pid, view, description);
      const threads = await sampled(view, interval);
      const after = cpuTimes(pid, view, description);
      const now = await view.describe();
      const lines = threads.map((thread) => {
        const busy = shareBetween(before.get(thread.number), after.get(thread.number)) ?? thread.busy;
        return line({ ...thread, busy }, view, now ?? description);
      });
      show([headline(pid, now ?? description), '', ...lines], round);
    }
    await view.inTime(view.threads.close());
    return 0;
  });
}

interface Sampled {
  readonly number: number;
  /** Part of the time in which it ran; `null` when it gave no answer. */
  readonly busy: number | null;
  /** Where it ran most, with the part of the time. */
  readonly hot: readonly (readonly [place: string, share: number])[];
}

function sampled(view: ProcessView, interval: number): Promise<Sampled[]> {
  const { threads } = view;
  return Promise.all(
    threads.numbers.map(async (number): Promise<Sampled> => {
      const profile = await view.inTime(
        (async () => {
          await threads.ask(number, 'Profiler.enable');
          await threads.ask(number, 'Profiler.setSamplingInterval', { interval: SAMPLE_US });
          await threads.ask(number, 'Profiler.start');
          // V8 then makes code that was optimised before anew, and so tells whose time it is.
          await threads.ask(number, 'Profiler.startPreciseCoverage', { callCount: true, detailed: false });
          await threads.ask(number, 'Profiler.stopPreciseCoverage');
          await new Promise((resolve) => setTimeout(resolve, interval));
          return (await threads.ask(number, 'Profiler.stop')) as Profiler.StopReturnType | undefined;
        })(),
      );
      return profile === undefined ? { number, busy: null, hot: [] } : { number, ...sharesOf(profile.profile) };
    }),
  );
}

function sharesOf({ nodes, samples = [], timeDeltas = [] }: Profiler.Profile): Pick<Sampled, 'busy' | 'hot'> {
  const byId = new Map(nodes.map((node) => [node.id, node.callFrame]));
  const places = new Map<string, number>();
  let [all, idle] = [0, 0];
  samples.forEach((id, i) => {
    const time = Math.max(0, timeDeltas[i + 1] ?? 0);
    const { functionName, url, lineNumber } = byId.get(id)!;
    all += time;
    if (functionName === '(idle)') idle += time;
    else if (!functionName.startsWith('(') || functionName === '(garbage collector)') {
      const place = url === '' ? functionName : `${functionName || '<anonymous>'} ${url.split('/').at(-1)}:${lineNumber + 1}`;
      places.set(place, (places.get(place) ?? 0) + time);
    }
  });
  if (all === 0) return { busy: 0, hot: [] };
  const hot = [...places].toSorted(([, a], [, b]) => b - a).slice(0, 3);
  return { busy: 1 - idle / all, hot: hot.map(([place, time]) => [place, time / all]) };
}

interface CpuTime {
  readonly cpu: number;
  readonly at: number;
}

/** What the system says of the threads whose numbers it is known by: a thread that is blocked runs as little as an idle one. */
function cpuTimes(pid: number, view: ProcessView, description: ProcessDescription | undefined): Map<number, CpuTime> {
  const times = new Map<number, CpuTime>();
  for (const number of view.threads.numbers) {
    const native = number === 0 ? pid : (threadOf(number, description)?.nativeId ?? 0);
    try {
      const [ns] = readFileSync(`/proc/${pid}/task/${native}/schedstat`, 'latin1').split(' ');
      times.set(number, { cpu: Number(ns), at: performance.now() });
    } catch {
      // It has ended, or its number is not known: what was sampled has to do.
    }
  }
  return times;
}

function shareBetween(before: CpuTime | undefined, after: CpuTime | undefined): number | null {
  if (before === undefined || after === undefined) return null;
  return Math.min(1, (after.cpu - before.cpu) / 1e6 / (after.at - before.at));
}

const percent = (share: number): string => `${(100 * share).toFixed(0)} %`;

function line({ number, busy, hot }: Sampled, view: ProcessView, description: ProcessDescription | undefined): string {
  const waits = threadOf(number, description)?.waits ?? [];
  const ran = hot.filter(([, share]) => share >= 0.01).map(([place, share]) => `${percent(share)} ${place}`);
  const doing = waits.length > 0 ? waits.map((what) => `waits for ${what}`) : ran;
  return `${(busy === null ? '?' : percent(busy)).padStart(6)}  ${view.nameOf(number, description).padEnd(28)} ${doing.join(', ')}`;
}

function show(lines: readonly string[], round: number): void {
  if (process.stdout.isTTY) {
    cursorTo(process.stdout, 0, 0);
    clearScreenDown(process.stdout);
  } else if (round > 0) console.log('');
  console.log(lines.join('\n'));
}
