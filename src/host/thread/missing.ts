import { readdirSync } from 'node:fs';
import { onPatrol } from '../../sync/patrol.ts';
import * as roster from '../../word/roster.ts';
import { sharedHeap } from '../../word/heap.ts';
import { runOf } from './offers.ts';
import * as record from './record.ts';
import { lookedOffset, recordOfThread } from './table.ts';

/*
 * Deaths that nobody tells, for who would hear of them blocks. Who waits asks the system which threads there still are: about every quarter of a
 * second, one for all; and whoever has made workers, for these, since they have no number of their own as long as they come up.
 */
const LOOK_MS = 250;

/** The system's numbers of the threads of this process; `null` where it tells none. */
function nativeThreads(): ReadonlySet<number> | null {
  try {
    return new Set(readdirSync('/proc/self/task', { encoding: 'utf8' }).map(Number));
  } catch {
    return null;
  }
}

/** What `make` gives, and the number of the thread that it has started; 0 when that can't be told, also since others have started threads meanwhile. */
export function started<T>(make: () => T): readonly [T, number] {
  const before = nativeThreads();
  const made = make();
  const fresh = before === null ? [] : [...(nativeThreads() ?? [])].filter((native) => !before.has(native));
  return [made, fresh.length === 1 ? fresh[0]! : 0];
}

/** By the system's numbers of the workers that this thread has made, and has not heard the end of: what is to be done when one is missing. */
const mine = new Map<number, () => boolean>();

/** Has `act` called when this thread waits and the worker with this number is not there any more, until it gives true. What is given takes that back. */
export function whenMissing(native: number, act: () => boolean): () => void {
  if (native !== 0) mine.set(native, act);
  return () => void (mine.get(native) === act && mine.delete(native));
}

/** Once in a while for whoever waits; of what this thread has made, each time. */
function look(): void {
  const period = Math.floor(Date.now() / LOOK_MS) | 0;
  const isFirst = Atomics.exchange(sharedHeap().i32, lookedOffset() / 4, period) !== period;
  if (!isFirst && mine.size === 0) return;
  const there = nativeThreads();
  if (there === null) return;
  for (const [native, act] of mine) if (!there.has(native) && act()) mine.delete(native);
  if (isFirst) lookForDead(there);
}
onPatrol.push(look);

/** Notices all deaths of threads that nobody has told, and threads that nobody will carry. */
export function lookForDead(there = nativeThreads()): void {
  for (const { id, nativeId } of roster.list()) {
    if (nativeId === 0) withRecord(id, (run) => void (isLeftBehind(id, run) && record.endBeforeBegin(run, 'lost')));
    else if (there?.has(nativeId) === false) {
      let how: roster.Death = 'lost';
      withRecord(id, (run) => void (record.stateOf(run) === record.DOOMED && (how = 'terminated')));
      roster.probe(id, sharedHeap(), how);
    }
  }
}

/** Whether who started a thread has been ended before it had given it to a carrier. */
function isLeftBehind(id: number, run: number): boolean {
  const carrier = record.carrierOf(run);
  return roster.isDead(roster.starterOf(id)) && (carrier < 0 || runOf(carrier) !== run);
}

/** Does something to the record of a thread, which may come to its end meanwhile; nothing when it has. */
function withRecord(id: number, act: (run: number) => void): void {
  const heap = sharedHeap();
  const run = recordOfThread(id);
  if (run === 0 || !heap.retainIfOwned(run)) return;
  if (recordOfThread(id) === run) act(run);
  heap.release(run);
}
