import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { decode, encode } from '../../../message/index.ts';
import { writeWhole } from './manifest.ts';

/*
 * What a task of an array keeps for the case that it is ended before its end: one file an item, beside the results. Which task runs is known to the
 * whole process, whichever copy of the package a task has.
 */
const TASK: unique symbol = Symbol.for('manycore.array-task') as never;
const place = globalThis as { [TASK]?: { readonly folder: string; readonly item: number } | null };

export const CHECKPOINTS = 'checkpoints';
const fileOf = ({ folder, item }: { readonly folder: string; readonly item: number }): string => join(folder, CHECKPOINTS, `${item}`);

/** @internal This process does this item now. */
export function beginArrayTask(folder: string, item: number): void {
  place[TASK] = { folder, item };
}

/** @internal Its result has been written down: what it had kept is of no use any more. */
export function endArrayTask(): void {
  const task = place[TASK];
  place[TASK] = null;
  if (task != null) rmSync(fileOf(task), { force: true });
}

/**
 * Keeps a state for the next attempt at this item, in the place of what was kept before: it is there whole, or the earlier one is, whenever the task
 * is killed. Throws `SendError` for what can't travel. Does nothing in a task that is not an array's.
 */
export function saveCheckpoint(state: unknown): void {
  const task = place[TASK];
  if (task != null) writeWhole(fileOf(task), encode([state], { where: 'program' }).bytes);
}

/** What an earlier attempt at this item has kept; `null` when there is none, and in a task that is not an array's. */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- The caller knows what it has kept.
export function loadCheckpoint<T = unknown>(): T | null {
  const task = place[TASK];
  if (task == null) return null;
  let bytes: Uint8Array;
  try {
    bytes = new Uint8Array(readFileSync(fileOf(task)));
  } catch {
    return null;
  }
  const [state] = decode(bytes) as [T];
  return state;
}
