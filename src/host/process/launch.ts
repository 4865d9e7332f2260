import { type ChildProcess, spawn, type StdioOptions } from 'node:child_process';
import { StateError } from '../../base/errors.ts';
import { nodeFlags } from '../../base/node-flags.ts';
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
  return nodeFlags().flags.filter((flag, i, flags) => !NOT_FOR_CHILDREN.test(flag) && !(i > 0 && WITH_VALUE.test(flags[i - 1]!)));
}

/** Flags that say how modules are loaded, without which a program can't load its own elsewhere. */
const LOADS = /^(--import|--require|-r|--loader|--experimental-loader|--conditions|-C)(=|$)/;
const HOW = /^--(enable-source-maps|(no-)?experimental-(strip|transform)-types|(no-)?strip-types|preserve-symlinks(-main)?)$/;

/** The flags of this process by which modules are loaded, for a Node that is another's child, and maybe another version. */
export function loaderFlags(flags: readonly string[] = nodeFlags().flags): string[] {
  return flags.filter((flag, i) => {
    const before = i > 0 ? LOADS.exec(flags[i - 1]!) : null;
    return LOADS.test(flag) || HOW.test(flag) || (before !== null && before[2] === '');
  });
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
