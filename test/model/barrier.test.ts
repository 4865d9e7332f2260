import type * as Barrier from '../../src/sync/barrier.ts';
import type { End, Me, Section } from './automaton.ts';
import type { Scenario } from './explore.ts';
import { check, prove } from './prove.ts';

type W = 'a0' | 'a1' | 'a2' | 'lock' | 'arrived' | 'round' | 'broken' | 'isBroken' | 'came' | 'acted' | 'sent';

function scenarios(barrier: typeof Barrier): Scenario<string>[] {
  const of = (words: Me<W>['words']): Barrier.BarrierWords => ({ ...words, arrivals: [words.a0, words.a1, words.a2] });
  /**
   * Comes to the barrier and waits for the others, as `Barrier.wait` does; gives whether it passed. When a round ends well, all of
   * it have come, and its action has run once.
   */
  const meet = (parties: number, ends: readonly End[] = []): Section<W>[] => [
    ({ words, run }, before) => {
      if (before === false) return 'away';
      words.came.add(1);
      const arrival = run(barrier.arrive(of(words), parties), ends);
      if (arrival === null) return 'gives up';
      if (arrival.is === 'broken') return 'away';
      return arrival.is === 'last' ? -1 - arrival.round : arrival.round;
    },
    ({ words, run }, at) => {
      if (typeof at !== 'number') return at;
      if (at >= 0) return run(barrier.awaitRound(of(words), at), ends) ?? 'gives up';
      const round = -1 - at;
      words.acted.add(1);
      return run(barrier.complete(of(words), round));
    },
    ({ words, run }, passed) => {
      if (passed === 'gives up') {
        check(ends.length > 0, 'a wait without an end gave up');
        run(barrier.breakRound(of(words), true));
      }
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
  const awaits: Section<W>[] = [({ words, run }) => run(barrier.awaitRound(of(words), 0)) !== null];
  const words = { a0: 0, a1: 0, a2: 0, lock: 0, arrived: 0, round: 0, broken: 0, isBroken: 0, came: 0, acted: 0, sent: 0 };
  const base = { words, ghosts: ['came', 'acted', 'sent'] as const };
  const whole =
    (rounds: number) =>
    (end: Readonly<Record<W, number>>): void => {
      check(end.lock === 0 && end.arrived === 0 && end.isBroken === 0, 'it is not as new');
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
      preemptions: 4,
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
      spurious: 1,
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
      threads: [meet(2), meet(2), [...meet(2)], [...meet(2)]],
      preemptions: 1,
      atEnd: whole(2),
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
      threads: [awaits, awaits, [({ words, run }) => run(barrier.complete(of(words), 0))]],
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
      replace: 'return true;\n    });\n    words.round.wake(0x7fff_ffff);',
      by: 'return true;\n    });',
    },
    {
      fault: 'a count that is changed outside of the lock',
      replace: 'yield* mutex.acquire(words.lock, undefined, true)',
      by: "'acquired'",
    },
    {
      fault: 'an abort that does not end the round',
      replace: 'words.arrived.store(0);\n    words.round.store((round + 1) | 0);\n}',
      by: '}',
    },
    { fault: 'a door that is open while the action runs', replace: "return 'shut';", by: 'words.arrived.store(0);' },
    {
      fault: 'a party whose death nobody looks for',
      replace: 'if (hasLost(words))\n            yield* breakRound',
      by: 'if (false)\n            yield* breakRound',
    },
    { fault: 'a broken round that looks whole', replace: 'words.broken.load() | (1 << (round & 31))', by: 'words.broken.load()' },
  ],
});
