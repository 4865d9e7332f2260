import { deadlineAfter, NEVER, remaining, type Wait } from '../base/deadline.ts';
import { within } from '../base/within.ts';
import { Connection } from './connection.ts';
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
export async function connectionWait<T extends Waitable>(all: Iterable<T>, { timeout, signal }: Wait = {}): Promise<T[]> {
  const list = [...all];
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

/** Resolves when the connection is ready, or nobody asks any more. */
async function readable(connection: Connection, enough: AbortSignal): Promise<void> {
  try {
    await connection.poll({ timeout: Infinity, signal: enough });
  } catch (error) {
    if (!enough.aborted) throw error;
  }
}

/** The blocking twin of `connectionWait`: looks again every 5 ms. */
export function connectionWaitSync<T extends Waitable>(all: Iterable<T>, { timeout, signal }: Wait = {}): T[] {
  signal?.throwIfAborted();
  const list = [...all];
  const deadline = deadlineAfter(typeof timeout === 'number' && timeout < 0 ? 0 : timeout);
  for (;;) {
    const ready = readyOf(list);
    if (ready.length > 0 || (deadline !== NEVER && remaining(deadline) === 0)) return ready;
    Atomics.wait(nap, 0, 0, Math.min(LOOK_MS, remaining(deadline)));
  }
}
