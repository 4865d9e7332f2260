import type * as Barrier from '../../src/sync/barrier.ts';
import type { End, Me, Section } from './automaton.ts';
import type { Scenario } from './explore.ts';
import { check, prove } from './prove.ts';

type W = 'a0' | 'a1' | 'a2' | 'a3' | 'lock' | 'arrived' | 'round' | 'completed' | 'isBroken' | 'came' | 'acted' | 'sent';

function scenarios(barrier: typeof Barrier): Scenario<string>[] {
  /** With as many places as there are threads at the barrier: a table that grows is memory, and not this algorithm's. */
  const of = (words: Me<W>['words'], count = 3): Barrier.BarrierWords => {
    const places = [words.a0, words.a1, words.a2, words.a3].slice(0, count);
    return { ...words, places: { all: () => places, grow: () => check(false, 'there are places enough') } };
  };
  const arrived = (at: number): Pick<Barrier.Arrived, 'round' | 'place'> => ({ round: at >> 2, place: at & 3 });
  /**
   * Comes to the barrier and waits for the others, as `Barrier.wait` does; gives whether it passed. When a round ends well, all of
   * it have come, and its action has run once.
   */
  const meet = (parties: number, ends: readonly End[] = [], count = 3): Section<W>[] => [
    ({ words, run }, before) => {
      if (before === false) return 'away';
      words.came.add(1);
      const arrival = run(barrier.arrive(of(words, count), parties), ends);
      if (arrival === null) return 'gives up';
      if (arrival.is === 'broken') return 'away';
      const at = 4 * arrival.round + arrival.place;
      return arrival.is === 'last' ? -1 - at : at;
    },
    ({ words, run }, at) => {
      if (typeof at !== 'number') return at;
      if (at >= 0) return run(barrier.awaitRound(of(words, count), arrived(at)), ends) ?? 'gives up';
      words.acted.add(1);
      return run(barrier.complete(of(words, count), arrived(-1 - at)));
    },
    ({ words }, passed) => {
      check(passed !== 'gives up' || ends.length > 0, 'a wait without an end gave up');
      if (passed !== true) {
        words.sent.add(1);
        return false;
      }
      return true;
    },
  ];
  const passes =
    (parties: number, round: number): Section<W> =>
    ({ words }, passed) => {
      if (passed === true) check(words.came.load() >= parties * round, `${words.came.load()} had come when round ${round} was over`);
      return passed;
    };
  const abort: Section<W> = ({ words, run }) => run(barrier.breakRound(of(words), true));
  const reset: Section<W> = ({ words, run }) => run(barrier.breakRound(of(words), false));
  const awaits: Section<W>[] = [({ words, run, id }) => run(barrier.awaitRound(of(words), { round: 0, place: id - 1 })) !== null];
  const words = { a0: 0, a1: 0, a2: 0, a3: 0, lock: 0, arrived: 0, round: 0, completed: 0, isBroken: 0, came: 0, acted: 0, sent: 0 };
  const base = { words, ghosts: ['came', 'acted', 'sent'] as const };
  const whole =
    (rounds: number) =>
    (end: Readonly<Record<W, number>>): void => {
      check(
        [end.lock, end.arrived, end.isBroken, end.a0, end.a1, end.a2, end.a3].every((word) => word === 0),
        'it is not as new',
      );
      check(end.acted === rounds && end.round === rounds && end.sent === 0, `${end.acted} actions in ${rounds} rounds`);
    };
  const all: Scenario<W>[] = [
    {
      name: '2 parties, 2 rounds',
      ...base,
      threads: [
        [...meet(2), passes(2, 1), ...meet(2), passes(2, 2)],
        [...meet(2), passes(2, 1), ...meet(2), passes(2, 2)],
      ],
      preemptions: 3,
      spurious: 1,
      atEnd: whole(2),
    },
    {
      name: '3 parties',
      ...base,
      threads: [
        [...meet(3), passes(3, 1)],
        [...meet(3), passes(3, 1)],
        [...meet(3), passes(3, 1)],
      ],
      preemptions: 2,
      atEnd: whole(1),
    },
    {
      name: 'one of two may give up: both pass, or both are sent away',
      ...base,
      threads: [meet(2, ['timed-out', 'cancelled']), meet(2)],
      preemptions: 4,
      atEnd: ({ sent, isBroken, lock, acted }) => {
        check(lock === 0, 'the lock is left held');
        check((sent === 0 && isBroken === 0 && acted === 1) || (sent > 0 && isBroken === 1), `${sent} sent away, broken: ${isBroken}`);
      },
    },
    {
      name: 'a third one aborts: nobody is left waiting',
      ...base,
      threads: [meet(2), meet(2), [abort]],
      preemptions: 2,
      atEnd: ({ sent, isBroken }) => check(isBroken === 1 && (sent === 0 || sent === 2), `${sent} sent away, broken: ${isBroken}`),
    },
    {
      name: 'a third one resets: who waited is sent away, and two that meet later pass',
      ...base,
      threads: [meet(2, ['timed-out']), meet(2, ['timed-out']), [reset]],
      preemptions: 2,
      atEnd: ({ lock }) => check(lock === 0, 'the lock is left held'),
    },
    {
      name: 'one of four that meet in pairs comes while the action runs',
      ...base,
      threads: [1, 2, 3, 4].map(() => meet(2, [], 4)),
      preemptions: 1,
      atEnd: whole(2),
    },
    {
      name: 'a round that is broken is not that of who has passed, and wakes late',
      ...base,
      threads: [
        [...meet(2), passes(2, 1)],
        [...meet(2), passes(2, 1), abort],
      ],
      preemptions: 3,
      atEnd: ({ sent, isBroken }) => check(sent === 0 && isBroken === 1, `${sent} sent away, broken: ${isBroken}`),
    },
    {
      name: 'one of two dies, anywhere: the other one passes, or is sent away',
      ...base,
      threads: [meet(2, ['timed-out']), meet(2, ['timed-out'])],
      deaths: 1,
      preemptions: 3,
    },
    {
      name: 'one of three dies once all have come: nobody is left waiting',
      ...base,
      words: { ...words, arrived: 3, a0: 1, a1: 2, a2: 3 },
      threads: [awaits, awaits, [({ words, run }) => run(barrier.complete(of(words), { round: 0, place: 2 }))]],
      deaths: 1,
      preemptions: 2,
    },
  ];
  return all as unknown as Scenario<string>[];
}

prove<typeof Barrier>({
  module: 'barrier',
  scenarios,
  mutants: [
    {
      fault: 'a round that ends without a wake',
      replace: 'open(words);\n        return true;\n    });\n    words.round.wake(ALL);',
      by: 'open(words);\n        return true;\n    });',
    },
    {
      fault: 'a count that is changed outside of the lock',
      replace: 'yield* mutex.acquire(words.lock, undefined, true)',
      by: "'acquired'",
    },
    {
      fault: 'an abort that does not end the round',
      replace: 'arrived.store(0);\n    round.store((before + 1) | 0);',
      by: '',
    },
    { fault: 'a door that is open while the action runs', replace: "return 'shut';", by: 'words.arrived.store(0);' },
    {
      fault: 'a party whose death nobody looks for',
      replace: '(isEnd || hasLost(words))',
      by: 'isEnd',
    },
    { fault: 'a broken round that looks whole', replace: '? PASSED : SENT_AWAY', by: '? PASSED : PASSED' },
    {
      fault: 'a place that is given to the next one before its owner has looked',
      replace: '(isHere(seen) || !lock.isDead(seen & OWNER))',
      by: 'isHere(seen)',
    },
    {
      fault: 'a round that is broken for those of the one before',
      replace: 'if (isHere(owner))\n            place.store(owner | result)',
      by: 'if (owner !== 0)\n            place.store((owner & OWNER) | result)',
    },
    { fault: 'a place that is never left', replace: '.exchange(0) & PASSED', by: '.load() & PASSED' },
  ],
});
