import type { FutexWord } from '../word/word.ts';
import type { Table } from './holders.ts';
import type { Waiting } from './waiting.ts';

/*
 * Waiting for a notice, while a lock is given up. Each waiter has a place in a list; a notice is given to a place, so
 * that `notify(n)` wakes n at most, and a place whose thread has died or given up does not swallow it.
 *
 *   state of a place
 *     EMPTY      nobody
 *     TAKEN      a waiter, which holds the lock, writes its name
 *     WAITING    its waiter sleeps, or is about to
 *     NOTIFIED   it has been given a notice, and has not yet got the lock
 *
 *   EMPTY -> TAKEN -> WAITING   a waiter, which holds the lock
 *   WAITING -> NOTIFIED         notify, which holds the lock; who passes on a notice
 *   WAITING -> EMPTY            the waiter, when its time is up; or a notifier, when the waiter is dead
 *   NOTIFIED -> EMPTY           the waiter, which holds the lock again; or another one, when the waiter is dead: it passes the
 *                               notice on, to one who waited when it was given
 *
 * Invariant: a waiter takes its place before it gives up the lock, so a notice that comes afterwards finds it. Whoever
 * changes WAITING decides: a waiter whose time is up and that has been notified all the same has been notified. A notice is
 * in a place until its waiter holds the lock: if it dies before, others find the notice, and if it dies then, the lock is abandoned.
 */
export interface Place {
  /** EMPTY, WAITING or NOTIFIED. */
  readonly state: FutexWord;
  /** Who waits there. */
  readonly owner: FutexWord;
  /** When it came: places are served in this order. Once it has been notified: when that was. */
  readonly ticket: FutexWord;
}

const EMPTY = 0;
export const WAITING = 1;
const NOTIFIED = 2;
const TAKEN = 3;

/** Takes an empty place; `null` when there is none. */
export function takePlace(places: readonly Place[], tickets: FutexWord): Place | null {
  for (const place of places) {
    passOn(places, place);
    if (place.state.load() !== EMPTY || place.state.compareExchange(EMPTY, TAKEN) !== EMPTY) continue;
    place.owner.store(place.owner.self);
    place.ticket.store(tickets.add(1));
    place.state.store(WAITING);
    return place;
  }
  return null;
}

/** Gives notices to those who have waited longest; says how many were there to get one. */
export function notify(places: readonly Place[], tickets: FutexWord, count: number): number {
  const waiting = waitingIn(places);
  // The dead are cleared away under the lock only: nobody takes their place meanwhile.
  for (const { state, owner } of waiting) if (owner.isDead(owner.load())) state.store(EMPTY);
  return give(waiting, count, tickets.load());
}

function give(waiting: readonly Place[], count: number, when: number): number {
  let given = 0;
  for (const { state, ticket } of waiting.length <= count ? waiting : waiting.toSorted(byTicket)) {
    if (given === count) break;
    if (state.load() !== WAITING) continue;
    ticket.store(when);
    if (state.compareExchange(WAITING, NOTIFIED) !== WAITING) continue;
    state.wake(0x7fff_ffff);
    given++;
  }
  return given;
}

/** If a notice is in a place whose waiter is dead: gives it to one who waited then. */
function passOn(places: readonly Place[], { state, owner, ticket }: Place): void {
  if (state.load() !== NOTIFIED || !owner.isDead(owner.load())) return;
  const when = ticket.load();
  if (state.compareExchange(NOTIFIED, EMPTY) !== NOTIFIED) return;
  const entitled = waitingIn(places).filter((place) => ((place.ticket.load() - when) | 0) < 0);
  give(entitled, 1, when);
}

const waitingIn = (places: readonly Place[]): readonly Place[] => places.filter(({ state }) => state.load() === WAITING);

const byTicket = (a: Place, b: Place): number => (a.ticket.load() - b.ticket.load()) | 0;

/** A waiter at its place. */
export interface Stay {
  /** Sleeps until the place has been notified; the lock is given up by now. */
  readonly untilNotice: Waiting<boolean>;
  /** If the waiter got no notice, or wants none: the place is empty, and a notice that came all the same is another one's. */
  giveUp(): void;
  /** Empties the place, unless that has been done. The lock is held again. */
  leave(): void;
}

export function stayAt(place: Place, places: Table<Place>): Stay {
  let isThere = true;
  const untilNotice = function* (): Waiting<boolean> {
    isThere = yield* awaitNotice(place, places);
    return isThere;
  };
  return {
    untilNotice: untilNotice(),
    giveUp() {
      if (!isThere) return;
      isThere = false;
      if (place.state.compareExchange(WAITING, EMPTY) === WAITING) return;
      const when = place.ticket.load();
      place.state.store(EMPTY);
      give(waitingIn(places.all()), 1, when);
    },
    leave() {
      if (isThere) place.state.store(EMPTY);
      isThere = false;
    },
  };
}

/** Sleeps at a place until it has been notified; the lock is given up by now. The place is empty afterwards if it has not been. */
export function* awaitNotice({ state }: Place, places: Table<Place>): Waiting<boolean> {
  while (state.load() === WAITING) {
    const reason = yield { word: state, expected: WAITING };
    if ((reason === 'timed-out' || reason === 'cancelled') && state.compareExchange(WAITING, EMPTY) === WAITING) return false;
    // Nobody has notified this one, so it is the end of a slice: one that has been may have died.
    if (state.load() === WAITING) for (const place of places.all()) passOn(places.all(), place);
  }
  return true;
}
