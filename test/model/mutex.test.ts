import assert from 'node:assert/strict';
import type * as Mutex from '../../src/sync/mutex.ts';
import type { End, Section } from './automaton.ts';
import type { Scenario } from './explore.ts';
import { check, prove } from './prove.ts';

type W = 'lock' | 'inside' | 'told';

function scenarios(mutex: typeof Mutex): Scenario<string>[] {
  /** Takes the lock, is alone, frees the lock; counts in `told` what was said of dead holders. */
  const visit = (ends: readonly End[] = []): Section<W>[] => [
    ({ words, run }) => run(mutex.acquire(words.lock), ends),
    ({ words, id }, grant) => {
      if (grant === false) return;
      if (grant === 'abandoned') words.told.add(1);
      check(words.inside.exchange(id) === 0 || grant === 'abandoned', 'two threads are inside');
      words.inside.store(0);
      mutex.release(words.lock);
    },
  ];
  const tryOnce: Section<W>[] = [({ words }) => mutex.tryAcquire(words.lock), visit()[1]!];
  const words = { lock: 0, inside: 0, told: 0 };
  const base = { words, ghosts: ['inside', 'told'] as const };
  const free = (end: Readonly<Record<W, number>>): void => assert.deepEqual(end, words);
  const both: readonly End[] = ['timed-out', 'cancelled'];
  const all: Scenario<W>[] = [
    {
      name: '2 threads, 2 visits',
      ...base,
      threads: [
        [...visit(), ...visit()],
        [...visit(), ...visit()],
      ],
      atEnd: free,
    },
    { name: '3 threads', ...base, threads: [visit(), visit(), visit()], atEnd: free },
    { name: '3 threads, wakes for no reason', ...base, threads: [visit(), visit(), visit()], spurious: 1, atEnd: free },
    { name: '3 threads, two of which may give up', ...base, threads: [visit(both), visit(['timed-out']), visit()], atEnd: free },
    { name: '2 threads, and one that tries', ...base, threads: [visit(), visit(['cancelled']), tryOnce], atEnd: free },
    { name: '4 threads', ...base, threads: [visit(), visit(), visit(), visit(['timed-out'])], preemptions: 2, atEnd: free },
    {
      name: '3 threads, one dies',
      ...base,
      threads: [visit(), visit(), visit()],
      deaths: 1,
      atEnd(end, [dead]) {
        check(end.told <= 1, `told ${end.told} times of one death`);
        check(end.lock === 0 || (end.lock & 0xff) === dead, 'left held by the living');
        check(end.inside === 0 || end.inside === dead, 'left inside');
      },
    },
    {
      name: '3 threads, two die',
      ...base,
      threads: [visit(), visit(), visit(['timed-out'])],
      deaths: 2,
      preemptions: 3,
      atEnd(end, dead) {
        check(end.told <= 2, `told ${end.told} times of two deaths`);
        check(end.lock === 0 || dead.includes(end.lock & 0xff), 'left held by the living');
      },
    },
  ];
  return all as unknown as Scenario<string>[];
}

prove<typeof Mutex>({
  module: 'mutex',
  scenarios,
  mutants: [
    { fault: 'a release that wakes nobody', replace: 'word.wake(1);', by: ';' },
    { fault: 'a lock that is taken as uncontended after a sleep', replace: 'flag = CONTENDED;', by: 'flag = 0;' },
    { fault: 'a release in two steps', replace: 'word.exchange(0)', by: '(word.load() | (word.store(0), 0))' },
    {
      fault: 'a plain store that announces a sleeper',
      replace: 'word.compareExchange(seen, expected) !== seen',
      by: '(word.store(expected), false)',
    },
    {
      fault: 'a plain store that takes the lock',
      replace: 'const now = word.compareExchange(seen, wanted);',
      by: 'word.store(wanted); const now = seen;',
    },
    { fault: 'a dead owner that is not seen', replace: 'word.isDead(owner)', by: 'false' },
    { fault: 'a lock of the dead that is taken over without a mark', replace: 'mine | ABANDONED |', by: 'mine |' },
    { fault: 'a sleep that is not announced', replace: 'const expected = seen | CONTENDED;', by: 'const expected = seen;' },
  ],
});
