import { type ChildProcess, spawn, type StdioOptions } from 'node:child_process';
import { StateError } from '../../base/errors.ts';
import { processHeapPlace } from '../../word/process-heap.ts';
import { HEAP_FLAG } from './handed-down.ts';

/*
 * Starting a Node of ours: it gets the memory that processes share, and one end of a connection, as descriptors.
 */

/** Flags of this process that a child must not repeat: what to run, and what listens on a port. */
const NOT_FOR_CHILDREN =
  /^--(input-type|experimental-default-type|eval|print|test|inspect|inspect-brk|inspect-port|watch)(=|$)|^-(e|p|pe)$/;
/** Those of them whose value is an argument of its own. */
const WITH_VALUE = /^(--eval|--print|-e|-p|-pe)$/;

/** The Node that children run on. */
export const executable = { path: process.execPath };

export function flagsForChildren(): string[] {
  return process.execArgv.filter((flag, i, flags) => !NOT_FOR_CHILDREN.test(flag) && !(i > 0 && WITH_VALUE.test(flags[i - 1]!)));
}

export function refusal(cause: unknown): StateError {
  const why = cause instanceof Error ? cause.message : 'too many processes or open files, or no memory';
  return new StateError('ERR_PROCESS_START', `cannot start a process: ${why}`, { cause });
}

/** Starts Node with these arguments. `control` is what descriptor 4 shall be. Throws `StateError` when the system refuses. */
export function launchNode(args: readonly string[], control: 'pipe' | number): ChildProcess & { readonly pid: number } {
  const place = processHeapPlace();
  const heap = place === undefined ? [] : [`${HEAP_FLAG}${place.bytes}`];
  const stdio: StdioOptions = ['ignore', 'inherit', 'inherit', place?.fd ?? 'ignore', control];
  let spawned: ChildProcess;
  try {
    spawned = spawn(executable.path, [...flagsForChildren(), ...args, ...heap], { stdio, windowsHide: true });
  } catch (cause) {
    throw refusal(cause);
  }
  if (spawned.pid !== undefined) return spawned as ChildProcess & { readonly pid: number };
  // The reason comes as an event, too late for the caller, and must not come as an uncaught error.
  spawned.on('error', () => {});
  throw refusal(undefined);
}
