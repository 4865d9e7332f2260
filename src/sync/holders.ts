import type { FutexWord } from '../word/word.ts';

/*
 * Who holds how much of something that several may hold: a table of places, changed under a lock that its user has.
 *
 *   amount 0             the place is free, whatever its owner
 *   owner id, amount n   the thread holds n; it may have more than one place
 *
 * The amounts are what is true; a sum that is kept elsewhere follows them. A place is taken by the store of its owner, which
 * means nothing yet, and then of its amount. So a thread that dies at any moment has taken what it takes, or has not: who
 * takes over the lock counts again.
 */
export interface Holder {
  readonly owner: FutexWord;
  readonly amount: FutexWord;
}

/** Records in shared memory, of which there are always enough. */
export interface Table<R> {
  /** All of them, used or not. */
  all(): readonly R[];
  /** Makes more. */
  grow(): void;
}

/** Adds one to what the thread holds. */
export function hold(table: Table<Holder>, self: number): void {
  for (;;) {
    const places = table.all();
    let at = firstLook(self, places);
    for (let i = 0; i < places.length; i++) {
      const { owner, amount } = places[at]!;
      const held = amount.load();
      const isMine = owner.load() === self;
      if (isMine || held === 0) {
        if (!isMine) owner.put(self);
        return amount.put(held + 1);
      }
      if (++at === places.length) at = 0;
    }
    table.grow();
  }
}

/** Takes `count` off what the thread holds, or as much as there is; says how much. Thread 0: off what anybody holds. */
export function letGo(table: Table<Holder>, self: number, count: number): number {
  const places = table.all();
  let left = count;
  let at = firstLook(self, places);
  for (let i = 0; i < places.length && left > 0; i++) {
    const { owner, amount } = places[at]!;
    const held = amount.load();
    if (held > 0 && (self === 0 || owner.load() === self)) {
      const taken = Math.min(held, left);
      amount.put(held - taken);
      left -= taken;
    }
    if (++at === places.length) at = 0;
  }
  return count - left;
}

/** Each thread begins to look at a place of its own: most find theirs at the first look. */
function firstLook(self: number, { length }: readonly Holder[]): number {
  const at = self & 7;
  return at < length ? at : 0;
}

/** Takes off all that dead threads hold; says how much that was. */
export function takeFromDead(table: Table<Holder>): number {
  let taken = 0;
  for (const { amount } of deadHolders(table)) {
    taken += amount.load();
    amount.put(0);
  }
  return taken;
}

/** How much dead threads hold. */
export function heldByDead(table: Table<Holder>): number {
  return deadHolders(table).reduce((sum, { amount }) => sum + amount.load(), 0);
}

function deadHolders(table: Table<Holder>): Holder[] {
  return table.all().filter(({ owner, amount }) => amount.load() > 0 && owner.isDead(owner.load()));
}

/** How much is held by all. */
export function sum(table: Table<Holder>): number {
  return table.all().reduce((all, { amount }) => all + amount.load(), 0);
}
