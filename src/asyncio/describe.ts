import { FAILED, Future, observersOf } from './future.ts';
import { innerScopes, type Scope, waitersOf } from './scope.ts';
import type { Task } from './task.ts';

/** What a task does, for reports; may go to another process. */
export interface TaskDescription {
  readonly id: number;
  readonly name: string;
  /** The name of the function that it runs. */
  readonly coroutine: string;
  readonly cancelling: number;
  /** What it waits for; nothing when it runs, or awaits a foreign promise. */
  readonly waits: readonly WaitDescription[];
  /** The tasks that wait for it. */
  readonly awaitedBy: readonly number[];
}

export interface WaitDescription {
  readonly what: string;
  /** Where, innermost first; in debug mode only. */
  readonly stack: readonly string[];
}

/** The folder of this package's files as stacks show it: where there are source maps, that of the source. */
const here = /(?:\(|at )((?:file:\/\/)?\/.*\/)describe\.[jt]s:/.exec(new Error().stack ?? '')?.[1] ?? new URL('.', import.meta.url).href;

/** The frames of a trace that are the program's own. */
export function framesOf(trace: { readonly stack?: string } | null): string[] {
  return (trace?.stack ?? '')
    .split('\n')
    .slice(1)
    .map((line) => line.trim().replace(/^at /, ''))
    .filter((line) => !line.includes(here) && !line.includes('(node:') && !line.startsWith('node:'));
}

/** The waits of a scope and those inside it. */
export function waitsIn(scope: Scope): WaitDescription[] {
  const own = waitersOf(scope).map(({ source, trace }) => ({ what: source.what, stack: framesOf(trace) }));
  return [...own, ...innerScopes(scope).flatMap(waitsIn)];
}

/**
 * Where a task is, innermost first: the running one by its stack, one that waits by that of its await, in debug mode, and one that has
 * failed by that of its error.
 */
export function stackOf(task: Task, isRunning: boolean): readonly string[] {
  if (isRunning) return framesOf(new Error());
  if (task.state === FAILED) return task.outcome instanceof Error ? framesOf(task.outcome) : [];
  return waitsIn(task)[0]?.stack ?? [];
}

/** The tasks that wait for a future: at once, or through `gather`, `shield`, `wait`, a group. */
export function awaitersOf(future: Future, seen = new Set<Future>()): Task[] {
  if (seen.has(future)) return [];
  seen.add(future);
  const tasks = observersOf(future).flatMap(({ waits }) => {
    if (waits instanceof Future) return 'task' in waits ? [waits as Task] : awaitersOf(waits, seen);
    return waits?.task ?? [];
  });
  return [...new Set(tasks)];
}

export function describeTasks(tasks: Iterable<Task>): TaskDescription[] {
  return Array.from(tasks, (task) => ({
    id: task.id,
    name: task.name,
    coroutine: task.coroutine.name === '' ? 'anonymous' : task.coroutine.name,
    cancelling: task.cancelling,
    waits: waitsIn(task),
    awaitedBy: awaitersOf(task).map(({ id }) => id),
  }));
}
