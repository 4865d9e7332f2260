import type { Writable } from 'node:stream';
import { OutOfRangeError } from '../base/errors.ts';
import { awaitersOf, stackOf, type TaskDescription } from './describe.ts';
import type { Future } from './future.ts';
import { currentTask, Task } from './task.ts';

/** A future, where it is, and who waits for it: Python's `asyncio.FutureCallGraph`. */
export interface FutureCallGraph {
  /** The future or task that this is about. */
  readonly future: Future;
  /** Innermost first: of the running task itself, or in debug mode of the await at which the task is. */
  readonly callStack: readonly string[];
  /** What waits for it, each with those that wait for that one. */
  readonly awaitedBy: readonly FutureCallGraph[];
  /** The tasks wait for each other in a circle, which closes here: it is not followed again. */
  readonly isCircular: boolean;
}

export interface CallGraphOptions {
  /** How many frames of each stack: the innermost; of a negative number the outermost. All when left out. */
  readonly limit?: number | undefined;
}

/**
 * Who waits for a future, and who for them, and so on; for the running task when none is given. `null` outside of a task.
 */
export function captureCallGraph(future?: Future | null, { limit }: CallGraphOptions = {}): FutureCallGraph | null {
  if (limit !== undefined && !Number.isInteger(limit)) throw new OutOfRangeError('ERR_LIMIT', `limit is an integer: got ${limit}`);
  const start = future ?? currentTask();
  return start === null ? null : graphOf(start, [], limit);
}

function graphOf(future: Future, path: readonly Future[], limit: number | undefined): FutureCallGraph {
  const isCircular = path.includes(future);
  return {
    future,
    callStack: future instanceof Task ? cut(stackOf(future, future === currentTask()), limit) : [],
    awaitedBy: isCircular ? [] : awaitersOf(future).map((task) => graphOf(task, [...path, future], limit)),
    isCircular,
  };
}

function cut(frames: readonly string[], limit: number | undefined): readonly string[] {
  if (limit === undefined) return frames;
  return limit >= 0 ? frames.slice(0, limit) : frames.slice(limit);
}

/** The graph as text, as `printCallGraph` prints it. */
export function formatCallGraph(future?: Future | null, options?: CallGraphOptions): string {
  const graph = captureCallGraph(future, options);
  return graph === null ? '' : lines(graph, '').join('\n');
}

/** Prints who waits for a future, or for the running task, to stdout, or to another stream. */
export function printCallGraph(
  future?: Future | null,
  { file = process.stdout, ...options }: CallGraphOptions & { readonly file?: Pick<Writable, 'write'> } = {},
): void {
  file.write(`${formatCallGraph(future, options)}\n`);
}

function lines({ future, callStack, awaitedBy, isCircular }: FutureCallGraph, indent: string): string[] {
  if (isCircular) return [`${indent}* ${future.what}: the circle closes here`];
  const stack = callStack.length === 0 ? [] : [`${indent}  + call stack:`, ...callStack.map((frame) => `${indent}  |   ${frame}`)];
  const awaiters = awaitedBy.length === 0 ? [] : [`${indent}  + awaited by:`, ...awaitedBy.flatMap((one) => lines(one, `${indent}    `))];
  return [`${indent}* ${future.what}`, ...stack, ...awaiters];
}

/** One line a task: what it is, what it waits for, and who waits for it. */
export function formatTasks(tasks: readonly TaskDescription[]): string {
  const nameOf = new Map(tasks.map(({ id, name }) => [id, name]));
  const rows = tasks.map((task) => [
    String(task.id),
    task.name,
    task.coroutine,
    `${stateOf(task)}${task.cancelling > 0 ? ' (cancelling)' : ''}`,
    task.awaitedBy.map((id) => nameOf.get(id) ?? String(id)).join(', '),
  ]);
  const table = [['id', 'name', 'function', 'waits for', 'awaited by'], ...rows];
  const widths = table[0]!.map((_, column) => Math.max(...table.map((row) => row[column]!.length)));
  return table
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function stateOf({ waits }: TaskDescription): string {
  if (waits.length === 0) return '(it runs, or awaits a foreign promise)';
  return waits.map(({ what, stack }) => (stack[0] === undefined ? what : `${what} at ${stack[0]}`)).join(', ');
}

/** The tasks as a tree: below each, those that it waits for. Circles of awaits are told, and not followed. */
export function formatTaskTree(tasks: readonly TaskDescription[]): string {
  const below = new Map<number, TaskDescription[]>(tasks.map(({ id }) => [id, []]));
  for (const task of tasks) for (const id of task.awaitedBy) below.get(id)?.push(task);
  const draw = (siblings: readonly TaskDescription[], indent: string, path: readonly number[]): string[] =>
    siblings.flatMap((task, at) => {
      const isLast = at === siblings.length - 1;
      const isCircular = path.includes(task.id);
      const head = `${indent}${isLast ? '└── ' : '├── '}${task.name}`;
      if (isCircular) return [`${head}: the circle of awaits closes here`];
      const deeper = below.get(task.id)!;
      // What it waits for stands below it when that is tasks.
      const waits = task.waits.filter(({ what }) => !(deeper.length > 0 && /^task |^the tasks of a group$|^a gather$/.test(what)));
      const what = waits.length > 0 || deeper.length === 0 ? `: ${stateOf({ ...task, waits })}` : '';
      const cancelling = task.cancelling > 0 ? ' (cancelling)' : '';
      return [`${head}${cancelling}${what}`, ...draw(deeper, `${indent}${isLast ? '    ' : '│   '}`, [...path, task.id])];
    });
  const reached = new Set<number>();
  const reach = (task: TaskDescription): void => {
    if (reached.has(task.id)) return;
    reached.add(task.id);
    for (const one of below.get(task.id)!) reach(one);
  };
  const roots = tasks.filter(({ awaitedBy }) => awaitedBy.length === 0);
  roots.forEach(reach);
  // Those that are left wait for each other: every chain of awaiters ends in a circle.
  for (const task of tasks) {
    if (reached.has(task.id)) continue;
    roots.push(task);
    reach(task);
  }
  return draw(roots, '', []).join('\n');
}
