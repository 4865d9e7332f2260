import * as mutex from '../../src/sync/mutex.ts';
import type * as Condition from '../../src/sync/condition.ts';
import type { Carried, End, Me, Section } from './automaton.ts';
import type { Scenario } from './explore.ts';
import { check, prove } from './prove.ts';

type P = 'state1' | 'owner1' | 'ticket1' | 'state2' | 'owner2' | 'ticket2';
type W = 'lock' | 'tickets' | 'items' | P | 'given' | 'got';

function scenarios(condition: typeof Condition): Scenario<string>[] {
  const placesOf = ({ words }: Me<W>): Condition.Place[] => [
    { state: words.state1, owner: words.owner1, ticket: words.ticket1 },
    { state: words.state2, owner: words.owner2, ticket: words.ticket2 },
  ];
  const tableOf = (me: Me<W>) => ({ all: () => placesOf(me), grow: () => check(false, 'there are places enough') });
  /** What a waiter does once it has the lock again. */
  const leave = (me: Me<W>, at: Carried): void => {
    if (typeof at === 'number') placesOf(me)[at]!.state.store(0);
  };
  const lock: Section<W> = ({ words, run }) => void run(mutex.acquire(words.lock, undefined, true));
  const takeItem = ({ words }: Me<W>): boolean => {
    const items = words.items.load();
    if (items > 0) words.items.store(items - 1);
    return items > 0;
  };
  /** Takes an item, or waits once for a notice and then looks again: three sections each time. */
  const wait = (ends: readonly End[]): Section<W>[] => [
    (me, now) => {
      if (now === 'done') return now;
      // One that came later may have been quicker: it waits again. One whose time was up goes.
      if (takeItem(me) || now === 'last') {
        mutex.release(me.words.lock);
        return 'done';
      }
      const places = placesOf(me);
      const place = condition.takePlace(places, me.words.tickets);
      mutex.release(me.words.lock);
      return places.indexOf(place!);
    },
    (me, at) => {
      if (at === 'done') return at;
      const notified = me.run(condition.awaitNotice(placesOf(me)[at as number]!, tableOf(me)), ends);
      if (notified) me.words.got.add(1);
      else check(ends.length > 0, 'a wait without an end gave up');
      return notified ? at : 'gave up';
    },
    (me, at) => {
      if (at === 'done') return at;
      me.run(mutex.acquire(me.words.lock, undefined, true));
      leave(me, at);
      return typeof at === 'number' ? 'look' : 'last';
    },
  ];
  const getItem = (ends: readonly End[] = []): Section<W>[] => [
    lock,
    ...wait(ends),
    ...wait(ends),
    (me, now) => {
      if (now === 'done') return;
      const taken = takeItem(me);
      check(taken || now === 'last', 'there was an item for each, and one got none');
      mutex.release(me.words.lock);
    },
  ];
  const putItem = (notify: number): Section<W>[] => [
    lock,
    (me) => {
      me.words.items.store(me.words.items.load() + 1);
      me.words.given.add(condition.notify(placesOf(me), me.words.tickets, notify));
      mutex.release(me.words.lock);
    },
  ];
  /** Waits for a flag that one other sets, with a notice to all. */
  const awaitFlag = (ends: readonly End[] = []): Section<W>[] => [
    lock,
    (me) => {
      if (me.words.items.load() > 0) {
        mutex.release(me.words.lock);
        return 'done';
      }
      const places = placesOf(me);
      const place = condition.takePlace(places, me.words.tickets);
      mutex.release(me.words.lock);
      return places.indexOf(place!);
    },
    (me, at) => {
      if (at === 'done') return;
      const notified = me.run(condition.awaitNotice(placesOf(me)[at as number]!, tableOf(me)), ends);
      if (notified) me.words.got.add(1);
      return notified ? at : 'done';
    },
    (me, at) => {
      if (at === 'done') return;
      me.run(mutex.acquire(me.words.lock, undefined, true));
      leave(me, at);
      mutex.release(me.words.lock);
    },
  ];
  /** Waits for the flag, and tells the next one: a notice that is lost keeps somebody asleep. */
  const awaitAndTell = (): Section<W>[] => [
    ...awaitFlag().slice(0, -1),
    (me, at) => {
      if (at === 'done') return;
      me.run(mutex.acquire(me.words.lock, undefined, true));
      leave(me, at);
      condition.notify(placesOf(me), me.words.tickets, 1);
      mutex.release(me.words.lock);
    },
  ];
  const words = {
    lock: 0,
    tickets: 0,
    items: 0,
    state1: 0,
    owner1: 0,
    ticket1: 0,
    state2: 0,
    owner2: 0,
    ticket2: 0,
    given: 0,
    got: 0,
  };
  const base = { words, ghosts: ['given', 'got'] as const };
  const empty = ({ lock: held, state1, state2, given, got }: Readonly<Record<W, number>>): void => {
    check(held === 0, 'the lock is left held');
    check(state1 === 0 && state2 === 0, 'a place is left taken');
    check(given === got, `${given} notices were given, and ${got} got`);
  };
  const both: readonly End[] = ['timed-out', 'cancelled'];
  const all: Scenario<W>[] = [
    {
      name: 'one gets what one puts',
      ...base,
      threads: [getItem(), putItem(1)],
      spurious: 1,
      atEnd: (end) => (empty(end), check(end.items === 0, 'left over')),
    },
    {
      name: 'two get what one puts twice',
      ...base,
      threads: [getItem(), getItem(), [...putItem(1), ...putItem(1)]],
      preemptions: 2,
      atEnd: (end) => (empty(end), check(end.items === 0, 'left over')),
    },
    {
      name: 'one may give up, and its notice is the other one’s',
      ...base,
      threads: [getItem(both), getItem(), [...putItem(1), ...putItem(1)]],
      preemptions: 2,
      atEnd: (end) => empty(end),
    },
    { name: 'all are told', ...base, threads: [awaitFlag(), awaitFlag(), putItem(2)], preemptions: 3, atEnd: empty },
    {
      name: 'one of two that wait dies',
      ...base,
      threads: [awaitFlag(), awaitFlag(), [...putItem(1), ...putItem(1)]],
      preemptions: 1,
      deaths: 1,
      // The one that should notify may be the dead one.
      bury(me, dead) {
        if (dead !== 3) return;
        me.run(mutex.acquire(me.words.lock, undefined, true));
        me.words.items.store(9);
        condition.notify(placesOf(me), me.words.tickets, 2);
        mutex.release(me.words.lock);
      },
    },
    {
      name: 'a notice is not lost with the waiter that got it',
      ...base,
      threads: [awaitAndTell(), awaitAndTell(), putItem(1)],
      preemptions: 1,
      deaths: 1,
      // Who finds the lock abandoned tells all; and the one that should notify may be the dead one.
      bury(me, dead) {
        const grant = me.run(mutex.acquire(me.words.lock, undefined, true));
        if (dead === 3) me.words.items.store(9);
        if (dead === 3 || grant === 'abandoned') condition.notify(placesOf(me), me.words.tickets, 2);
        mutex.release(me.words.lock);
      },
    },
    {
      name: 'a notice is given to the living only',
      ...base,
      threads: [awaitFlag(['timed-out']), awaitFlag(['timed-out'])],
      preemptions: 3,
      deaths: 1,
      bury(me) {
        me.run(mutex.acquire(me.words.lock, undefined, true));
        const places = placesOf(me);
        const waits = places.filter(({ state, owner }) => state.load() === 1 && !owner.isDead(owner.load())).length;
        check(condition.notify(places, me.words.tickets, 1) <= waits, 'a notice was given to nobody alive');
        mutex.release(me.words.lock);
      },
    },
  ];
  return all as unknown as Scenario<string>[];
}

prove<typeof Condition>({
  module: 'condition',
  scenarios,
  mutants: [
    { fault: 'a notice without a wake', replace: 'state.wake(0x7fff_ffff);', by: ';' },
    {
      fault: 'a waiter that gives up although it has been notified',
      replace: 'state.compareExchange(WAITING, EMPTY) === WAITING)\n            return false;',
      by: '(state.store(EMPTY), true))\n            return false;',
    },
    {
      fault: 'a notice that is stored over whatever is there',
      replace: 'state.compareExchange(WAITING, NOTIFIED) !== WAITING',
      by: '(state.store(NOTIFIED), false)',
    },
    {
      fault: 'a notice that is lost with the one that got it',
      replace: 'state.load() !== NOTIFIED || !owner.isDead(owner.load())',
      by: 'true',
    },
    { fault: 'a notice that is passed on to nobody', replace: 'give(entitled, 1, when);', by: ';' },
    {
      fault: 'a notice that goes to a dead waiter',
      replace: 'if (owner.isDead(owner.load()))\n            state.store(EMPTY);',
      by: '',
    },
  ],
});
