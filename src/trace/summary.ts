import type { TraceFile } from './events.ts';

const ROWS_MAX = 12;
const WORDS: Readonly<Record<string, string>> = {
  run: 'ran',
  block: 'blocked',
  await: 'awaited',
  task: 'task',
  command: 'command',
  gc: 'collected',
  request: 'HTTP',
  measure: 'measured',
};

/** What a trace holds, in some lines: what took the most time, of what is called the same. */
export function traceSummary({ traceEvents, otherData }: TraceFile): string {
  const sums = new Map<string, { readonly kind: string; readonly name: string; times: number; time: number; longest: number }>();
  let spans = 0;
  for (const event of traceEvents) {
    if (event.ph !== 'X') continue;
    spans++;
    const key = `${event.cat} ${event.name}`;
    let sum = sums.get(key);
    if (sum === undefined) sums.set(key, (sum = { kind: event.cat, name: event.name, times: 0, time: 0, longest: 0 }));
    sum.times++;
    sum.time += event.dur;
    sum.longest = Math.max(sum.longest, event.dur);
  }
  const rows = [...sums.values()].toSorted((a, b) => b.time - a.time).slice(0, ROWS_MAX);
  const left = otherData?.left ? `, ${count(otherData.left)} more are not kept` : '';
  const where =
    otherData === undefined
      ? ''
      : ` of ${many(otherData.threads, 'thread')} in ${many(otherData.processes, 'process', 'es')}, ${(otherData.microseconds / 1e6).toFixed(3)} seconds`;
  return [
    `         ${many(spans, 'span')}${where}${left}`,
    ...(rows.length === 0 ? [] : ['', '     what        seconds  longest    times  name']),
    ...rows.map(
      ({ kind, name, times, time, longest }) =>
        `     ${(WORDS[kind] ?? kind).padEnd(9)}${seconds(time)}${seconds(longest)}${String(times).padStart(9)}  ${name}`,
    ),
    '',
  ].join('\n');
}

const count = (number: number): string => number.toLocaleString('en');
const many = (number: number, word: string, ending = 's'): string => `${count(number)} ${word}${number === 1 ? '' : ending}`;
const seconds = (us: number): string => (us / 1e6).toFixed(3).padStart(9);
