import type { Profiler } from 'node:inspector';
import { basename } from 'node:path';
import { nearby } from './nearby.ts';
import type { RawProfile, WaitTally } from './raw-profile.ts';
import { SourceText } from './source-text.ts';
import { seconds } from './seconds.ts';
import { taskTimes, type TaskTimes } from './task-times.ts';

/** Rows of either table: programs make threads and locks by the thousand. */
const ROWS_MAX = 25;
const NAME_WIDTH = 28;

/** Which tasks and threads used the time, and in which function of the program mostly; '' when there were none. */
export function taskTable(recordings: readonly RawProfile[]): string {
  const rows = taskTimes(recordings).map(taskLine);
  return table(`${'task'.padEnd(NAME_WIDTH)}     runs     wall   on CPU  waiting  mostly in`, rows);
}

/** What was waited for, how long, and where in the program; '' when nothing was. */
export function waitTable(recordings: readonly RawProfile[]): string {
  const rows = waitsOf(recordings).map(({ what, where, task, times, waited, longest }) =>
    `${name(what)}${String(times).padStart(9)}${seconds(waited)}${seconds(longest)}  ${[nearby(where), task === '' ? '' : `in ${task}`].filter((part) => part !== '').join(' ')}`.trimEnd(),
  );
  return table(`${'waited for'.padEnd(NAME_WIDTH)}    times   waited  longest  where, in which task`, rows);
}

function table(head: string, rows: readonly string[]): string {
  if (rows.length === 0) return '';
  const more = rows.length > ROWS_MAX ? [`   and ${rows.length - ROWS_MAX} more`] : [];
  return `   ${[head, ...rows.slice(0, ROWS_MAX)].join('\n   ')}\n${more.map((line) => `${line}\n`).join('')}`;
}

function taskLine({ name: task, runs, wall, onCpu, waited, functions }: TaskTimes): string {
  const byName = new Map<string, number>();
  for (const [frame, time] of functions) byName.set(nameOf(frame), (byName.get(nameOf(frame)) ?? 0) + time);
  const [most] = [...byName].toSorted(([, a], [, b]) => b - a);
  const mostly = most === undefined ? '' : `  ${most[0]} ${Math.round((most[1] / Math.max(onCpu, most[1])) * 100)} %`;
  return `${name(task || '<anonymous>')}${String(runs).padStart(9)}${seconds(wall)}${seconds(onCpu)}${seconds(waited)}${mostly}`;
}

function nameOf({ url, lineNumber, columnNumber, functionName }: Profiler.ProfileNode['callFrame']): string {
  const { file, line } = SourceText.of(url).origin(Math.max(0, lineNumber), columnNumber);
  return `${basename(file)}:${line}(${functionName || '<anonymous>'})`;
}

const name = (text: string): string => (text.length > NAME_WIDTH ? `${text.slice(0, NAME_WIDTH - 1)}…` : text.padEnd(NAME_WIDTH));

/** The tallies of all threads together, the longest first. */
function waitsOf(recordings: readonly RawProfile[]): WaitTally[] {
  const sums = new Map<string, WaitTally>();
  for (const { pid, host, spans } of recordings) {
    for (const wait of spans?.waits ?? []) {
      // Locks without a name of their own go by their place in the memory of a process.
      const key = [wait.what, wait.where, wait.task, wait.what.startsWith('lock #') ? `${host} ${pid}` : ''].join('\0');
      const sum = sums.get(key);
      sums.set(
        key,
        sum === undefined
          ? wait
          : {
              ...wait,
              times: sum.times + wait.times,
              waited: sum.waited + wait.waited,
              longest: Math.max(sum.longest, wait.longest),
            },
      );
    }
  }
  return [...sums.values()].toSorted((a, b) => b.waited - a.waited);
}
