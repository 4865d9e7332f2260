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
export function takePlace(places: readonly Place[], tickets: FutexWord): Place | null {
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
export function notify(places: readonly Place[], count: number): number {
  let given = 0;
  for (const place of waitingIn(places, count)) {
    if (given === count) break;
    const { state, owner } = place;
    if (owner.isDead(owner.load())) {
      state.compareExchange(WAITING, EMPTY);
    } else if (state.compareExchange(WAITING, NOTIFIED) === WAITING) {
      state.wake(0x7fff_ffff);
      given++;
    }
  }
  return given;
}

/** In the order of their coming, if they are more than can be served. */
function waitingIn(places: readonly Place[], count: number): readonly Place[] {
  const waiting: Place[] = [];
  for (const place of places) if (place.state.load() === WAITING) waiting.push(place);
  return waiting.length <= count ? waiting : waiting.sort((a, b) => (a.ticket.load() - b.ticket.load()) | 0);
}

/** A waiter at its place. */
export interface Stay {
  /** Sleeps until the place has been notified; the lock is given up by now. The place is empty afterwards. */
  readonly untilNotice: Waiting<boolean>;
  /** Empties the place, if the waiter never came to sleep there. Only then: it may be somebody else's by now. */
  leave(): void;
}

export function stayAt(place: Place): Stay {
  let isThere = true;
  const untilNotice = function* (): Waiting<boolean> {
    const isNotified = yield* awaitNotice(place);
    isThere = false;
    return isNotified;
  };
  return {
    untilNotice: untilNotice(),
    leave() {
      if (isThere) place.state.store(EMPTY);
    },
  };
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
