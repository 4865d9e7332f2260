import { inspect } from 'node:util';
import { observed } from '../base/observer.ts';
import * as record from '../host/thread/record.ts';
import { current, onUncaught } from '../host/thread/run-thread.ts';
import { writeAll } from '../host/thread/output.ts';
import { giveState, type ObjectState } from '../message/closures/index.ts';
import { sharedHeap } from '../word/heap.ts';
import { faceOf } from '../word/shareable.ts';
import { type Context, within } from './context.ts';
import { excepthook, exceptHookArgs } from './excepthook.ts';
import { ThreadExit } from './exit-thread.ts';
import { inherit, inherited, type Inherited } from './hooks.ts';
import type { Thread } from './thread.ts';

/** What a thread runs: a function, with the list of its arguments if it has any; the `run` of a subclass, with the state of its object; or nothing. */
export type Work =
  | readonly [target: (...args: never[]) => unknown, args: readonly unknown[] | null]
  | readonly [subclass: new (...args: never[]) => Thread, state: ObjectState]
  | readonly [nothing: null, none: null];

/** What every thread does. Its errors go to the hook; it never fails itself. */
export function runMain(
  run: number,
  base: typeof Thread,
  called: Work[0],
  given: Work[1],
  from: Inherited | null,
  context: Context | null,
): Promise<void> | undefined {
  inherit(from);
  onUncaught.current = report;
  const end = begun();
  let result: unknown;
  try {
    result = within(
      context,
      observed(
        () => perform(run, base, [called, given] as Work),
        () => here().name.replace(/^Thread-\d+ \(/, 'Thread ('),
      ),
    );
  } catch (error) {
    fail(run, error);
  }
  if (typeof (result as PromiseLike<unknown> | null | undefined)?.then === 'function')
    return Promise.resolve(result)
      .then(
        () => {},
        (error: unknown) => fail(run, error),
      )
      .then(end);
  end();
  return undefined;
}

function perform(run: number, base: typeof Thread, [called, given]: Work): unknown {
  if (called === null) return undefined;
  if (given === null) return (called as () => unknown)();
  if (Array.isArray(given)) return (called as (...args: never[]) => unknown)(...(given as never[]));
  sharedHeap().retain(run);
  return giveState(base.embodied(run, called as new () => Thread), given as ObjectState).run();
}

/** Calls the hook of `setProfile`; gives what is to be done at the end. */
function begun(): () => void {
  const { profile } = inherited;
  if (profile === null) return () => {};
  const reported = (act: () => unknown): unknown => {
    try {
      return act();
    } catch (error) {
      report(error);
      return undefined;
    }
  };
  const end = reported(() => profile(here()));
  return () => void (typeof end === 'function' && reported(end as () => void));
}

const here = (): Thread => faceOf('thread', current.record, undefined) as Thread;

/** An error ends the thread. What it leaves held, nobody will release in its place: whoever waits for that is told. */
function fail(run: number, error: unknown): void {
  if (!(error instanceof ThreadExit)) record.err(run);
  report(error);
}

/** Hands an error to the hook; a hook that fails itself is reported on stderr. */
function report(error: unknown): void {
  if (error instanceof ThreadExit) return;
  const thread = here();
  try {
    (inherited.excepthook ?? excepthook)(exceptHookArgs(error, thread));
  } catch (failure) {
    writeAll(
      2,
      Buffer.from(`Exception in the excepthook, for an error in thread ${thread.name}:\n${inspect(failure)}\n${inspect(error)}\n`),
    );
  }
}
