import assert from 'node:assert/strict';
import type { Waiting } from '../../src/sync/waiting.ts';
import { test } from '../support/test.ts';
import { Jump, type Me, type Section } from './automaton.ts';
import { explore, ModelFailure, type Scenario } from './explore.ts';
import { check } from './prove.ts';

/*
 * How the threads of a pool wake each other, when one of them may die between any two steps: the steps of src/futures/fabric on words. Two
 * wake-ups are like that, and both are taken off by an exchange before somebody is woken, so that only one pays for it:
 *
 *   BELL   1 the owner listens; 0 somebody has taken that off, and rings          layout.ts ring(), listener.ts, pool-core.ts #died
 *   PARK   PARKED it sleeps; CALLED somebody has taken that off, and wakes it     layout.ts wake(), outbox.ts, parking.ts, losses.ts
 *
 * One that dies between the two steps leaves a bell that nobody rings any more, or a worker on whom everybody relies and who sleeps. Who buries it has
 * to arm the bell anew, and to look itself; and to wake all workers.
 */
const [OFF, LISTENS] = [0, 1];
const [AWAKE, PARKED, CALLED] = [0, 1, 2];

// ------------------------------------------------------------------ the bell

type B = 'bell' | 'first' | 'second';
type BellFault = 'does not arm it anew' | 'does not look itself';

const isAllDone = ({ words }: Me<B>): boolean => words.first.load() === 1 && words.second.load() === 1;

function* listen(me: Me<B>): Waiting<void> {
  const { bell } = me.words;
  for (;;) {
    bell.store(LISTENS);
    if (isAllDone(me)) return;
    yield { word: bell, expected: LISTENS };
  }
}

const finish =
  (task: 'first' | 'second'): Section<B> =>
  ({ words: { bell, [task]: done } }) => {
    done.store(1);
    const seen = bell.load();
    if (seen !== OFF && bell.compareExchange(seen, OFF) === seen) bell.wake(Infinity);
  };

function bell(fault?: BellFault): Scenario<string> {
  const made: Scenario<B> = {
    name: 'an owner that listens, and two workers',
    words: { bell: OFF, first: 0, second: 0 },
    threads: [[(me) => me.run(listen(me))], [finish('first')], [finish('second')]],
    deaths: 1,
    patrolled: false,
    bury: (me, dead) => {
      if (dead === 1) return;
      const { words } = me;
      // What it had not done fails.
      (dead === 2 ? words.first : words.second).store(1);
      if (fault !== 'does not arm it anew') words.bell.store(LISTENS);
      // The owner is who buries: what follows from a result happens on the spot.
      if (fault === 'does not look itself' || !isAllDone(me)) return;
      words.bell.store(OFF);
      words.bell.wake(Infinity);
    },
    atEnd: ({ first, second }, dead) => check((first === 1 && second === 1) || dead.includes(1), 'the owner has not heard of all'),
  };
  return made as unknown as Scenario<string>;
}

// ------------------------------------------------------------------ the park

type P = 'park' | 'sleepers' | 'tasks' | 'ran';

function* work({ words: { park, sleepers, tasks, ran } }: Me<P>): Waiting<void> {
  for (;;) {
    if (park.exchange(AWAKE) === PARKED) sleepers.add(-1);
    for (let left = tasks.load(); left > 0; left = tasks.load()) if (tasks.compareExchange(left, left - 1) === left) ran.add(1);
    if (ran.load() >= 2) return;
    sleepers.add(1);
    park.store(PARKED);
    if (tasks.load() === 0) yield { word: park, expected: PARKED };
  }
}

/** Hands a task over. One that finds the worker CALLED relies on who has called it. */
const handOver: Section<P> = ({ words: { park, sleepers, tasks } }) => {
  tasks.add(1);
  if (sleepers.load() === 0 || park.compareExchange(PARKED, CALLED) !== PARKED) return;
  sleepers.add(-1);
  park.wake(Infinity);
};

type ParkFault = 'wakes nobody' | 'only wakes';

function park(fault?: ParkFault): Scenario<string> {
  const made: Scenario<P> = {
    name: 'a worker that sleeps, and two that hand tasks over',
    words: { park: AWAKE, sleepers: 0, tasks: 0, ran: 0 },
    threads: [[(me) => me.run(work(me))], [handOver], [handOver]],
    deaths: 1,
    patrolled: false,
    bury: (me, dead) => {
      if (dead === 1) return;
      const { park: word, tasks } = me.words;
      // Its task is handed over in its place, if it had not come so far; too often does no harm here.
      if (fault === 'only wakes') tasks.add(1);
      else handOver(me, undefined);
      if (fault !== 'wakes nobody') word.wake(Infinity);
    },
    atEnd: ({ ran }, dead) => check(ran >= 2 || dead.includes(1), `${ran} tasks have run`),
  };
  return made as unknown as Scenario<string>;
}

// ------------------------------------------------------------------ the park, of a worker that has run out of work

type L = 'one' | 'other' | 'sleepers' | 'tasks' | 'ran';
type LookFault = 'does not look' | 'says so while it runs' | 'passes nothing on';

/** Whoever runs the first of two tasks waits there for the second: so it must not be left to that one. */
function* runTask({ words: { ran } }: Me<L>): Waiting<void> {
  if (ran.add(1) === 0) while (ran.load() < 2) yield { word: ran, expected: 1 };
  else ran.wake(Infinity);
}

function wakeOne({ words }: Me<L>): 'one' | 'other' | '' {
  if (words.sleepers.load() === 0) return '';
  for (const name of ['one', 'other'] as const) {
    if (words[name].compareExchange(PARKED, CALLED) !== PARKED) continue;
    words.sleepers.add(-1);
    words[name].wake(Infinity);
    return name;
  }
  return '';
}

/** `hasRun`: since it last found nothing to do. */
const look =
  (name: 'one' | 'other', fault?: LookFault): Section<L> =>
  (me, hasRun) => {
    const { [name]: own, sleepers, tasks } = me.words;
    if (fault !== 'says so while it runs' || own.load() !== CALLED) if (own.exchange(AWAKE) === PARKED) sleepers.add(-1);
    for (let left = tasks.load(); left > 0; left = tasks.load()) {
      if (tasks.compareExchange(left, left - 1) !== left) continue;
      if (left > 1 && fault !== 'passes nothing on') wakeOne(me);
      me.run(runTask(me));
      return new Jump(0, true);
    }
    if (hasRun === true) {
      own.store(CALLED);
      if (fault !== 'does not look') return new Jump(0, false);
    }
    sleepers.add(1);
    own.store(PARKED);
    if (fault === 'does not look' || tasks.load() === 0) me.idle(own, PARKED);
    return new Jump(0, false);
  };

/** Whoever has been called last, and has not looked yet, looks. */
const push: Section<L> = (me, called) => {
  const { words } = me;
  words.tasks.add(1);
  if (words.sleepers.load() === 0) return called;
  if ((called === 'one' || called === 'other') && words[called].load() === CALLED) return called;
  return wakeOne(me);
};

function runningOut(fault?: LookFault): Scenario<string> {
  const made: Scenario<L> = {
    name: 'a worker that has run all there was, one that sleeps, and one who hands two tasks over',
    words: { one: AWAKE, other: AWAKE, sleepers: 0, tasks: 0, ran: 0 },
    threads: [
      [() => 'one', push, push],
      // It has run what it had been called for.
      [() => true, (me, hasRun) => again(look('one', fault)(me, hasRun))],
      [look('other', fault)],
    ],
    atEnd: ({ ran }) => check(ran === 2, `${ran} tasks have run`),
  };
  return made as unknown as Scenario<string>;
}
const again = (next: ReturnType<Section<L>>): ReturnType<Section<L>> => (next instanceof Jump ? new Jump(1, next.carried) : next);

for (const one of [bell(), park()]) {
  test(`${one.name}: nobody is left asleep by one that dies`, (context) => {
    context.diagnostic(`${explore(one)} states`);
  });
}
for (const fault of ['does not arm it anew', 'does not look itself'] as const) {
  test(`an owner that ${fault} when it buries a worker is found out`, () => {
    assert.throws(() => explore(bell(fault)), ModelFailure);
  });
}
for (const fault of ['wakes nobody', 'only wakes'] as const) {
  test(`an owner that ${fault} when it buries a worker, and hands its task over, is found out`, () => {
    assert.throws(() => explore(park(fault)), ModelFailure);
  });
}
test(`${runningOut().name}: none waits while a worker sleeps that could run it`, (context) => {
  context.diagnostic(`${explore(runningOut())} states`);
});
for (const fault of ['does not look', 'says so while it runs', 'passes nothing on'] as const) {
  test(`a worker that has run out of work and ${fault} is found out`, () => {
    assert.throws(() => explore(runningOut(fault)), ModelFailure);
  });
}
