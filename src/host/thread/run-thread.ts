import { inspect } from 'node:util';
import { threadId } from 'node:worker_threads';
import { read, drop, MustAwait, takeAsync } from '../../message/index.ts';
import { observer } from '../../base/observer.ts';
import * as roster from '../../word/roster.ts';
import { writeAll } from './output.ts';
import * as record from './record.ts';
import { showName } from './system-name.ts';

/** What a start message holds: what runs the thread, which gets the offset of its record, and what else it gets. As a list it is packed fast. */
export type StartMessage = readonly [main: (run: number, ...args: never[]) => unknown, ...args: unknown[]];

/** The thread that this one is, while it runs; 0 in between. */
export const current: { record: number } = { record: 0 };

/** What came with the worker, for the first thread that it carries. */
export const firstParcels: { current: readonly unknown[] | null } = { current: null };

/** Called when a thread is at its end, before anybody hears of that. Set by the carrier. */
export const onEnd: { current: () => void } = { current: () => {} };

/** Called when a thread has ended, with its number: what was kept for it can go. */
export const onThreadEnd: ((id: number) => void)[] = [];

/** What is done with an error that nobody catches in a callback. Set by whoever runs here. */
export const onUncaught: { current: ((error: unknown) => void) | null } = { current: null };

/** Whether the system shows the name of a thread for this worker. */
let showsName = false;

/** Only names that were given are shown: it takes a system call or two. */
function showItsName(run: number, id: number): void {
  const isShown = record.isShown(run);
  if (isShown || showsName) showName(roster.nativeIdOf(id), isShown ? record.nameOf(run) : 'manycore');
  showsName = isShown;
}

/** Runs a thread in this carrier. `null` when it has ended; a promise, which never rejects, while it goes on. */
export function runThread(run: number): Promise<void> | null {
  const id = record.idOf(run);
  roster.embody(id);
  current.record = run;
  record.setWorkerOf(run, threadId);
  showItsName(run, id);
  observer.current?.carries(roster.nameOf(id));
  let hasBegun = true;
  const finished = (): void => {
    current.record = 0;
    showsName ||= record.isShown(run);
    for (const forget of onThreadEnd) forget(id);
    onEnd.current();
    if (hasBegun && !record.end(run)) awaitEnd();
  };
  const failToBegin = (error: unknown): void => {
    hasBegun = !record.failToBegin(run, error);
    finished();
    if (record.mustBegin(run)) process.exit(1);
  };
  const message = record.takeMessage(run);
  if (message === 0) awaitEnd();
  const parcels = firstParcels.current;
  firstParcels.current = null;
  let start: StartMessage;
  try {
    start = read(message, parcels) as StartMessage;
    drop(message);
  } catch (error) {
    if (error instanceof MustAwait) return awaitStart(run, message, parcels).then(finished, failToBegin);
    drop(message);
    failToBegin(error);
    return null;
  }
  const result = begin(run, start);
  if (result === null) {
    finished();
    return null;
  }
  return result.then(finished);
}

async function awaitStart(run: number, message: number, parcels: readonly unknown[] | null): Promise<void> {
  const { value } = await takeAsync(message, parcels);
  await begin(run, value as StartMessage);
}

/** Somebody has asked for the end of this thread before it began, or while it came to its own: the worker, which is about to be ended, does nothing more. */
export function awaitEnd(): never {
  const never = new Int32Array(new SharedArrayBuffer(4));
  for (;;) Atomics.wait(never, 0, 0);
}

/** The main function reports its own errors: what comes out of it is a mistake of ours, or of a hook. */
function begin(run: number, [main, ...args]: StartMessage): Promise<void> | null {
  try {
    const result = main(run, ...(args as never[]));
    return result instanceof Promise ? result.then(undefined, complain) : null;
  } catch (error) {
    complain(error);
    return null;
  }
}

function complain(error: unknown): void {
  writeAll(2, Buffer.from(`${inspect(error)}\n`));
}
