import { inspect } from 'node:util';
import { asked, deadlineAfter, NEVER, remaining, type Wait } from '../base/deadline.ts';
import { within } from '../base/within.ts';
import type { Connection } from './connection.ts';
import { Sentinel } from './sentinel.ts';

/** What `connectionWait` can wait for: the end of a pipe, or the `sentinel` of a process. */
export type Waitable = Connection | Sentinel;

const LOOK_MS = 5;
const nap = new Int32Array(new SharedArrayBuffer(4));

const isReady = (one: Waitable): boolean => (one instanceof Sentinel ? one.hasEnded : one.pollSync());
const readyOf = <T extends Waitable>(all: readonly T[]): T[] => all.filter(isReady);

/**
 * Waits until something can be received from one of the connections, or one of the processes has ended; gives all that are
 * ready. None when time was up; a negative time-out counts as 0. Python's `multiprocessing.connection.wait`.
 */
export async function connectionWait<T extends Waitable>(all: Iterable<T>, wait?: Wait): Promise<T[]> {
  const { timeout, signal } = asked(wait);
  const list = listOf(all);
  const atOnce = readyOf(list);
  if (atOnce.length > 0 || (timeout ?? Infinity) <= 0) return atOnce;
  const enough = new AbortController();
  const holds = list.flatMap((one) => (one instanceof Sentinel ? [one.hold()] : []));
  try {
    const first = Promise.race(list.map((one) => (one instanceof Sentinel ? one.ended : readable(one, enough.signal))));
    await within(first, { timeout, signal });
    return readyOf(list);
  } finally {
    for (const letGo of holds) letGo();
    enough.abort();
  }
}

function listOf<T extends Waitable>(all: Iterable<T>): T[] {
  if (typeof (all as Iterable<T> | null | undefined)?.[Symbol.iterator] !== 'function')
    throw new TypeError(`connectionWait takes a list of connections and sentinels: got ${inspect(all, { depth: 0 })}`);
  const list = [...all];
  for (const one of list) {
    if (one instanceof Sentinel || typeof (one as Connection | null | undefined)?.pollSync === 'function') continue;
    throw new TypeError(`connectionWait waits for connections, and for the sentinels of processes: got ${inspect(one, { depth: 0 })}`);
  }
  return list;
}

/** Resolves when the connection is ready, or nobody asks any more. */
async function readable(connection: Connection, enough: AbortSignal): Promise<void> {
  try {
    await connection.poll({ timeout: Infinity, signal: enough });
  } catch (error) {
    if (!enough.aborted) throw error;
  }
}

/** The blocking twin of `connectionWait`: looks again every 5 ms. */
export function connectionWaitSync<T extends Waitable>(all: Iterable<T>, wait?: Wait): T[] {
  const { timeout, signal } = asked(wait);
  signal?.throwIfAborted();
  const list = listOf(all);
  const deadline = deadlineAfter(typeof timeout === 'number' && timeout < 0 ? 0 : timeout);
  for (;;) {
    const ready = readyOf(list);
    if (ready.length > 0 || (deadline !== NEVER && remaining(deadline) === 0)) return ready;
    Atomics.wait(nap, 0, 0, Math.min(LOOK_MS, remaining(deadline)));
  }
}
