import type { Session } from 'node:inspector';
import { sharedHeap } from '../../word/heap.ts';
import { sessionsOffset } from './table.ts';

/*
 * Node waits at the end of a process, for ever, for a worker that is evaluating what an inspector session has asked: the evaluation takes
 * the termination for its own, and the worker goes on. So the sessions that read stacks are counted in shared memory; at the end
 * of the process no new one is opened, and those that are open close when they have been answered.
 */
const CLOSE_MS = 3000;
/** When a session is closed without an answer: its thread runs native code, and evaluates nothing. */
const PATIENCE_MS = 1000;
const SETTLE_MS = 5;

const words = (): readonly [i32: Int32Array<SharedArrayBuffer>, open: number, closing: number] => {
  const open = sessionsOffset() / 4;
  return [sharedHeap().i32 as Int32Array<SharedArrayBuffer>, open, open + 1];
};

const sessions = new Set<Session>();
let isListening = false;

/** Counts a session that is about to be connected. False when the process ends: it must not be. */
export function openSession(session: Session): boolean {
  const [i32, open, closing] = words();
  sessions.add(session);
  Atomics.add(i32, open, 1);
  if (Atomics.load(i32, closing) !== 0) {
    uncount(session);
    return false;
  }
  if (!isListening) {
    isListening = true;
    const { async, value } = Atomics.waitAsync(i32, closing, 0);
    if (async) void value.then(() => setTimeout(closeAll, PATIENCE_MS));
  }
  return true;
}

export function closeSession(session: Session): void {
  if (!sessions.has(session)) return;
  session.disconnect();
  uncount(session);
}

function uncount(session: Session): void {
  const [i32, open] = words();
  sessions.delete(session);
  Atomics.sub(i32, open, 1);
  Atomics.notify(i32, open);
}

function closeAll(): void {
  for (const session of sessions) closeSession(session);
}

/** Has all sessions closed, at the end of the process. Called in the main thread, which has to do its part in that. */
export function closeSessions(): void {
  const [i32, open, closing] = words();
  if (Atomics.load(i32, open) === 0) return;
  Atomics.store(i32, closing, 1);
  Atomics.notify(i32, closing);
  const end = performance.now() + CLOSE_MS;
  for (let count = Atomics.load(i32, open); count > 0 && performance.now() < end; count = Atomics.load(i32, open))
    Atomics.wait(i32, open, count, SETTLE_MS);
  Atomics.wait(i32, open, 0, SETTLE_MS);
}
