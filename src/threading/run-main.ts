import { inspect } from 'node:util';
import { current } from '../host/thread/run-thread.ts';
import { writeAll } from '../host/thread/output.ts';
import { sharedHeap } from '../word/heap.ts';
import { faceOf } from '../word/shareable.ts';
import { type Excepthook, excepthook, excepthookHere, setExcepthook } from './excepthook.ts';
import { ThreadExit } from './exit-thread.ts';
import type { Thread } from './thread.ts';

/** What a thread runs: a function with its arguments, the `run` of a subclass, or nothing. */
export type Work =
  | { readonly target: (...args: never[]) => unknown; readonly args: readonly unknown[] }
  | { readonly subclass: new (...args: never[]) => Thread; readonly fields: object }
  | null;

/** The main function of every thread. Its errors go to the hook; it never fails itself. `base` brings its module along. */
export function runMain(run: number, base: typeof Thread, work: Work, hook: Excepthook | null): Promise<void> | undefined {
  setExcepthook(hook);
  try {
    const result = perform(run, base, work);
    if (typeof (result as PromiseLike<unknown> | null | undefined)?.then !== 'function') return undefined;
    return Promise.resolve(result).then(() => {}, report);
  } catch (error) {
    report(error);
    return undefined;
  }
}

function perform(run: number, base: typeof Thread, work: Work): unknown {
  if (work === null) return undefined;
  if ('target' in work) return work.target(...(work.args as never[]));
  sharedHeap().retain(run);
  return Object.assign(base.embodied(run, work.subclass), work.fields).run();
}

/** Hands an error to the hook; a hook that fails itself is reported on stderr. */
export function report(error: unknown): void {
  if (error instanceof ThreadExit) return;
  const thread = faceOf('thread', current.record, undefined) as Thread;
  const type = error instanceof Error ? error.name : typeof error;
  const args = { type, value: error, stack: error instanceof Error ? error.stack : undefined, thread };
  try {
    (excepthookHere() ?? excepthook)(args);
  } catch (failure) {
    writeAll(
      2,
      Buffer.from(`Exception in the excepthook, for an error in thread ${thread.name}:\n${inspect(failure)}\n${inspect(error)}\n`),
    );
  }
}
