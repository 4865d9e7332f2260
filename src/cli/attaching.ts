import { StateError } from '../base/errors.ts';
import { type NodeProcess, nodeProcesses } from './node-processes.ts';
import { UsageError } from './usage-error.ts';

/** The process that a command is about. Throws `UsageError`, with those that there are, when none is named. */
export function numberOfProcess(command: string, words: readonly string[]): number {
  const [word, ...more] = words;
  if (word === undefined || more.length > 0 || !/^\d+$/.test(word)) throw whichProcess(command, nodeProcesses());
  return Number(word);
}

/** The same, for a command that takes the only one that there is. */
export function onlyProcess(command: string, words: readonly string[], all = nodeProcesses()): number {
  if (words.length > 0) return numberOfProcess(command, words);
  const [first, ...others] = all;
  if (first === undefined || others.length > 0) throw whichProcess(command, all);
  return first.pid;
}

const LONGEST = 100;

function whichProcess(command: string, all: readonly NodeProcess[]): UsageError {
  const needs = `${command} needs the number of a process: manycore ${command} 1234`;
  if (all.length === 0) return new UsageError(`${needs}. No other Node process of yours runs`);
  const width = Math.max(...all.map(({ pid }) => String(pid).length));
  const lines = all.map(({ pid, command: words }) => {
    const short = words.length > LONGEST ? `${words.slice(0, LONGEST)}…` : words;
    return `\n  ${String(pid).padStart(width)}  node ${short}`;
  });
  return new UsageError(`${needs}. These run:${lines.join('')}`);
}

/** Runs what talks to another process; says in one line why that can't be done. */
export async function sayingWhyNot(run: () => Promise<number>): Promise<number> {
  try {
    return await run();
  } catch (error) {
    if (!(error instanceof StateError)) throw error;
    console.error(`manycore: ${error.message}`);
    return 1;
  }
}
