import type * as Semaphore from '../../src/sync/semaphore.ts';
import type { End, Section } from './automaton.ts';
import type { Scenario } from './explore.ts';
import { check, prove } from './prove.ts';

type W = 'permits' | 'sleepers' | 'inside' | 'had';

function scenarios(semaphore: typeof Semaphore): Scenario<string>[] {
  /** Takes a permit, is inside with no more than `most`, gives it back. */
  const visit = (most: number, ends: readonly End[] = []): Section<W>[] => [
    ({ words, run }) => {
      const granted = run(semaphore.acquire(words), ends);
      if (granted) check(words.inside.add(1) < most, `more than ${most} are inside`);
      else check(ends.length > 0, 'a wait without an end gave up');
      return granted;
    },
    ({ words }, granted) => {
      if (granted !== true) return;
      words.inside.add(-1);
      check(semaphore.release(words, 1), 'a release was refused');
    },
  ];
  const take =
    (ends: readonly End[] = []): Section<W> =>
    ({ words, run }) => {
      if (run(semaphore.acquire(words), ends)) words.had.add(1);
    };
  const give =
    (count: number, most?: number): Section<W> =>
    ({ words }) =>
      void semaphore.release(words, count, most);
  const base = (permits: number) => ({ words: { permits, sleepers: 0, inside: 0, had: 0 }, ghosts: ['inside', 'had'] as const });
  const restored =
    (permits: number) =>
    (end: Readonly<Record<W, number>>): void => {
      check(end.permits === permits, `${end.permits} permits of ${permits}`);
      check(end.sleepers === 0, `${end.sleepers} are still announced`);
    };
  const both: readonly End[] = ['timed-out', 'cancelled'];
  const all: Scenario<W>[] = [
    { name: '3 threads, 1 permit', ...base(1), threads: [visit(1), visit(1), visit(1)], atEnd: restored(1) },
    {
      name: '3 threads, 2 permits, wakes for no reason',
      preemptions: 2,
      ...base(2),
      threads: [visit(2), visit(2), visit(2)],
      spurious: 1,
      atEnd: restored(2),
    },
    {
      name: '3 threads, two of which may give up',
      preemptions: 3,
      ...base(1),
      threads: [visit(1, both), visit(1, ['timed-out']), visit(1)],
      atEnd: restored(1),
    },
    {
      name: '2 threads, 2 visits',
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
      preemptions: 2,
      atEnd: restored(2),
    },
    {
      name: 'two take what two others give',
      ...base(0),
      threads: [[take(), take()], [take()], [give(1), give(1)], [give(1)]],
      preemptions: 2,
      atEnd: ({ permits, had }) => check(permits === 0 && had === 3, `${had} had, ${permits} left`),
    },
    {
      name: 'a release of two lets two in',
      ...base(0),
      threads: [[take()], [take()], [give(2)]],
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
      atEnd: ({ permits, had }) => check(permits >= 1 && permits <= 2 && had === 1, `${permits} permits, ${had} had`),
    },
    {
      name: '3 threads, one dies: there is enough for all',
      ...base(0),
      threads: [[take()], [take()], [give(3)]],
      deaths: 1,
      bury: ({ words }, dead) => void (dead === 3 && semaphore.release(words, 3)),
      atEnd: ({ permits, had }, [dead]) => check(dead !== undefined || permits + had === 3, `${permits} left, ${had} had`),
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
      fault: 'a plain store that takes a permit',
      replace: 'permits.compareExchange(available, available - 1)',
      by: '(permits.store(available - 1), available)',
    },
    {
      fault: 'a plain store that gives permits',
      replace: 'permits.compareExchange(before, before + count)',
      by: '(permits.store(before + count), before)',
    },
    { fault: 'a sleeper that is not announced', replace: 'words.sleepers.add(1);', by: 'words.sleepers.add(0);' },
    { fault: 'an announcement that is never taken back', replace: 'words.sleepers.add(-1);', by: 'words.sleepers.add(0);' },
    {
      fault: 'a bound that is looked at once only',
      replace: 'if (before + count > most)',
      by: 'if (before > most)',
    },
  ],
});
