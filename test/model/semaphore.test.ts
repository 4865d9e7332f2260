import type * as Semaphore from '../../src/sync/semaphore.ts';
import type { End, Me, Section } from './automaton.ts';
import type { Scenario } from './explore.ts';
import { check, prove } from './prove.ts';

type W = 'lock' | 'permits' | 'total' | 'sleepers' | 'owner0' | 'amount0' | 'owner1' | 'amount1' | 'owner2' | 'amount2' | Ghost;
/** Who is inside; how many have had a permit. */
type Ghost = 'in1' | 'in2' | 'in3' | 'in4' | 'had';
const INSIDE = ['in1', 'in2', 'in3', 'in4'] as const;

function scenarios(semaphore: typeof Semaphore): Scenario<string>[] {
  /** With as many places for holders as there are threads: a table that grows is memory, and not this algorithm's. */
  const of = ({ words }: Me<W>): Semaphore.SemaphoreWords => {
    const places = ([0, 1, 2] as const).map((i) => ({ owner: words[`owner${i}`], amount: words[`amount${i}`] }));
    return { ...words, holders: { all: () => places, grow: () => check(false, 'there are places enough') } };
  };
  const enter = ({ words, id }: Me<W>, most: number): void => {
    words[INSIDE[id - 1]!].exchange(1);
    const inside = INSIDE.reduce((count, name) => count + words[name].load(), 0);
    check(inside <= most, `more than ${most} are inside`);
  };
  /** Takes a permit, is inside with no more than `most`, gives it back. */
  const visit = (most: number, ends: readonly End[] = []): Section<W>[] => [
    (me) => {
      const granted = me.run(semaphore.acquire(of(me)), ends);
      if (granted) enter(me, most);
      else check(ends.length > 0, 'a wait without an end gave up');
      return granted;
    },
    (me, granted) => {
      if (granted !== true) return;
      me.words[INSIDE[me.id - 1]!].store(0);
      check(me.run(semaphore.release(of(me), 1)), 'a release was refused');
    },
  ];
  /** The same by the fast paths, which may have to give way. */
  const hurry = (most: number): Section<W>[] => [
    (me) => {
      const granted = semaphore.tryAcquire(of(me)) ?? me.run(semaphore.attempt(of(me)));
      if (granted) enter(me, most);
      return granted;
    },
    (me, granted) => {
      if (granted !== true) return;
      me.words[INSIDE[me.id - 1]!].store(0);
      check(semaphore.tryRelease(of(me), 1) ?? me.run(semaphore.release(of(me), 1)), 'a release was refused');
    },
  ];
  const take =
    (ends: readonly End[] = []): Section<W> =>
    (me) => {
      if (me.run(semaphore.acquire(of(me)), ends)) me.words.had.add(1);
    };
  const give =
    (count: number, most?: number): Section<W> =>
    (me) =>
      void me.run(semaphore.release(of(me), count, most));
  const words = { owner0: 0, amount0: 0, owner1: 0, amount1: 0, owner2: 0, amount2: 0, in1: 0, in2: 0, in3: 0, in4: 0, had: 0 };
  const base = (permits: number) => ({
    words: { lock: 0, permits, total: permits, sleepers: 0, ...words },
    ghosts: [...INSIDE, 'had'] as const,
    guarded: ['total', 'owner0', 'amount0', 'owner1', 'amount1', 'owner2', 'amount2'] as const,
  });
  const held = (end: Readonly<Record<W, number>>): number => end.amount0 + end.amount1 + end.amount2;
  const restored =
    (permits: number) =>
    (end: Readonly<Record<W, number>>, dead: readonly number[] = []): void => {
      check(end.permits + held(end) === permits, `${end.permits} permits, and ${held(end)} held, of ${permits}`);
      check(dead.length > 0 || held(end) === 0, `${held(end)} are still held`);
      check(dead.length > 0 || end.sleepers === 0, `${end.sleepers} are still announced`);
      check(end.lock === 0, 'the lock is left held');
    };
  /** Notices a death: the dead one is inside no more, and there is room for the next one. */
  const bury =
    (most: number) =>
    (me: Me<W>, dead: number): void => {
      me.words[INSIDE[dead - 1]!].exchange(0);
      for (const section of visit(most)) section(me, true);
    };
  const both: readonly End[] = ['timed-out', 'cancelled'];
  const all: Scenario<W>[] = [
    {
      name: 'a release of two lets two in',
      ...base(0),
      threads: [[take()], [take()], [give(2)]],
      preemptions: 2,
      atEnd: ({ permits, had }) => check(permits === 0 && had === 2, `${had} had, ${permits} left`),
    },
    {
      name: 'a bound is kept',
      ...base(1),
      threads: [[give(1, 2)], [give(1, 2)]],
      atEnd: restored(2),
    },
    {
      name: 'a bound is kept by all together',
      ...base(1),
      threads: [[give(1, 2)], [give(1, 2)], [take()]],
      preemptions: 2,
      atEnd: ({ permits, had }) => check(permits >= 1 && permits <= 2 && had === 1, `${permits} permits, ${had} had`),
    },
    { name: 'one that hurries', ...base(1), threads: [hurry(1), visit(1), hurry(1)], preemptions: 2, atEnd: restored(1) },
    {
      name: 'what one has taken, another releases: it is no new one',
      ...base(1),
      threads: [[take()], [(me) => void (me.words.had.load() === 1 && me.run(semaphore.release(of(me), 1)))]],
      atEnd: (end) => check(end.total === 1 && end.permits + held(end) === 1, `${end.total} in all`),
    },
    ...[1, 2].map((permits): Scenario<W> => ({
      name: `2 threads, ${permits} permits, one dies at any moment: a third one finds all of them`,
      ...base(permits),
      threads: [visit(permits), [...visit(permits)]],
      deaths: 1,
      preemptions: 2,
      bury: bury(permits),
      atEnd: restored(permits),
    })),
    {
      name: '3 threads, 2 permits, one dies',
      ...base(2),
      threads: [visit(2), visit(2), hurry(2)],
      deaths: 1,
      preemptions: 1,
      bury: bury(2),
      atEnd: restored(2),
    },
    {
      name: 'one dies that may have two: two others have them',
      ...base(2),
      threads: [[take(), take(), give(2)], visit(2), visit(2)],
      deaths: 1,
      preemptions: 1,
      bury(me) {
        // Somebody looks at the lock after the death, and so counts again.
        me.run(semaphore.acquire(of(me)));
        me.run(semaphore.release(of(me), 1));
      },
      atEnd: (end) => check(end.permits + held(end) === 2, `${end.permits} permits, and ${held(end)} held, of 2`),
    },
    {
      name: '3 threads, one dies: there is enough for all',
      ...base(0),
      threads: [[take()], [take()], [give(3)]],
      deaths: 1,
      preemptions: 2,
      bury: (me, dead) => void (dead === 3 && me.run(semaphore.release(of(me), 3))),
      atEnd: ({ permits, had }, [dead]) => check(dead !== undefined || permits + had === 3, `${permits} left, ${had} had`),
    },
    { name: '3 threads, 1 permit', ...base(1), preemptions: 2, threads: [visit(1), visit(1), visit(1)], atEnd: restored(1) },
    {
      name: '3 threads, 2 permits, wakes for no reason',
      preemptions: 1,
      ...base(2),
      threads: [visit(2), visit(2), visit(2)],
      spurious: 1,
      atEnd: restored(2),
    },
    {
      name: '3 threads, two of which may give up',
      preemptions: 1,
      ...base(1),
      threads: [visit(1, both), visit(1, ['timed-out']), visit(1)],
      atEnd: restored(1),
    },
    {
      name: '2 threads, 2 visits',
      preemptions: 4,
      ...base(1),
      threads: [
        [...visit(1), ...visit(1)],
        [...visit(1), ...visit(1)],
      ],
      atEnd: restored(1),
    },
    {
      name: '4 threads, 2 permits',
      ...base(2),
      threads: [visit(2), visit(2), visit(2), visit(2, both)],
      preemptions: 1,
      atEnd: restored(2),
    },
    {
      name: 'two take what two others give',
      ...base(0),
      threads: [[take(), take()], [take()], [give(1), give(1)], [give(1)]],
      preemptions: 1,
      atEnd: ({ permits, had }) => check(permits === 0 && had === 3, `${had} had, ${permits} left`),
    },
  ];
  return all as unknown as Scenario<string>[];
}

prove<typeof Semaphore>({
  module: 'semaphore',
  scenarios,
  mutants: [
    { fault: 'a release that wakes nobody', replace: 'permits.wake(count);', by: ';' },
    { fault: 'a release of two that wakes one', replace: 'permits.wake(count);', by: 'permits.wake(1);' },
    {
      fault: 'a permit that is taken without the lock',
      replace: 'yield* lock(words);\n    const taken',
      by: 'mutex.tryAcquire(words.lock);\n    const taken',
    },
    { fault: 'a sleeper that is not announced', replace: 'words.sleepers.add(1);', by: 'words.sleepers.add(0);' },
    { fault: 'an announcement that is never taken back', replace: 'words.sleepers.add(-1);', by: 'words.sleepers.add(0);' },
    { fault: 'a bound that is not looked at', replace: 'if (before + count > most)', by: 'if (before > most)' },
    {
      fault: 'a permit that is taken before it is known who has it',
      replace: 'words.permits.put(words.total.load() - holders.sum(words.holders))',
      by: '0',
    },
    { fault: 'what the dead have that stays with them', replace: 'holders.takeFromDead(words.holders)', by: '0' },
    { fault: 'a handed over permit that counts twice', replace: 'left -= holders.letGo(table, 0, left)', by: '0' },
  ],
});
