import type { FutexWord } from '../word/word.ts';
import type { Waiting } from './waiting.ts';

/*
 * Waiting for a notice, while a lock is given up. Each waiter has a place in a list; a notice is given to a place, so
 * that `notify(n)` wakes n at most, and a place whose thread has died or given up does not swallow it.
 *
 *   state of a place
 *     EMPTY      nobody
 *     WAITING    its waiter sleeps, or is about to
 *     NOTIFIED   it has been given a notice, and has not yet left
 *
 *   EMPTY -> WAITING      a waiter, which holds the lock
 *   WAITING -> NOTIFIED   notify, which holds the lock
 *   WAITING -> EMPTY      the waiter, when its time is up; or a notifier, when the waiter is dead
 *   NOTIFIED -> EMPTY     the waiter
 *
 * Invariant: a waiter takes its place before it gives up the lock, so a notice that comes afterwards finds it. Whoever
 * changes WAITING decides: a waiter whose time is up and that has been notified all the same has been notified.
 */
export interface Place {
  /** EMPTY, WAITING or NOTIFIED. */
  readonly state: FutexWord;
  /** Who waits there. */
  readonly owner: FutexWord;
  /** When it came: places are served in this order. */
  readonly ticket: FutexWord;
}

const EMPTY = 0;
const WAITING = 1;
const NOTIFIED = 2;

/** Takes an empty place; `null` when there is none. */
export function takePlace(places: Iterable<Place>, tickets: FutexWord): Place | null {
  for (const place of places) {
    if (place.state.load() !== EMPTY || place.state.compareExchange(EMPTY, NOTIFIED) !== EMPTY) continue;
    place.owner.store(place.owner.self);
    place.ticket.store(tickets.add(1));
    place.state.store(WAITING);
    return place;
  }
  return null;
}

/** Gives notices to those who have waited longest; says how many were there to get one. */
export function notify(places: Iterable<Place>, count: number): number {
  const waiting = [...places].filter(({ state }) => state.load() === WAITING);
  waiting.sort((a, b) => (a.ticket.load() - b.ticket.load()) | 0);
  let given = 0;
  for (const { state, owner } of waiting) {
    if (given === count) break;
    if (owner.isDead(owner.load())) {
      state.compareExchange(WAITING, EMPTY);
    } else if (state.compareExchange(WAITING, NOTIFIED) === WAITING) {
      state.wake(0x7fff_ffff);
      given++;
    }
  }
  return given;
}

/** Sleeps at a place until it has been notified; the lock is given up by now. The place is empty afterwards. */
export function* awaitNotice({ state }: Place): Waiting<boolean> {
  while (state.load() === WAITING) {
    const reason = yield { word: state, expected: WAITING };
    if ((reason === 'timed-out' || reason === 'cancelled') && state.compareExchange(WAITING, EMPTY) === WAITING) return false;
  }
  state.store(EMPTY);
  return true;
}
