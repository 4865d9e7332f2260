import type * as Once from '../../src/sync/once.ts';
import type { End, Me, Section } from './automaton.ts';
import type { Scenario } from './explore.ts';
import { check, prove } from './prove.ts';

type W = 'done' | 'lock' | 'begun' | 'finished';

function scenarios(once: typeof Once): Scenario<string>[] {
  const of = ({ words }: Me<W>): Once.OnceWords => ({ done: words.done, lock: words.lock });
  const call = (ends: readonly End[] = [], succeeds = true, mayRepeat = false): Section<W>[] => [
    (me) => me.run(once.begin(of(me)), ends),
    (me, mine) => {
      const { words } = me;
      if (mine === null) check(ends.length > 0, 'a wait without an end gave up');
      if (mine === false) check(words.finished.load() === 1, 'told that it is done before it was');
      if (mine !== true) return;
      check(words.finished.load() === 0 || mayRepeat, 'done a second time');
      words.begun.exchange(me.id);
      if (!succeeds) return once.fail(of(me));
      words.finished.store(words.begun.load() === me.id ? 1 : 2);
      once.succeed(of(me));
    },
  ];
  const words = { done: 0, lock: 0, begun: 0, finished: 0 };
  const base = { words, ghosts: ['begun', 'finished'] as const };
  const isDone = ({ done, lock }: Readonly<Record<W, number>>): void => check(done === 1 && lock === 0, 'not done, or still held');
  // One that dies after it has done it, and before it could say so, has not done it: that is as good as can be.
  const mortal = call([], true, true);
  const all: Scenario<W>[] = [
    { name: '3 threads', ...base, threads: [call(), call(), call()], atEnd: isDone },
    { name: '3 threads, one of which fails', ...base, threads: [call([], false), call(), call()], atEnd: isDone },
    { name: '3 threads, two of which may give up', ...base, threads: [call(['timed-out']), call(['cancelled']), call()], atEnd: isDone },
    {
      name: '3 threads, one dies',
      ...base,
      threads: [mortal, mortal, mortal],
      deaths: 1,
      atEnd: ({ done }) => check(done === 1, 'not done'),
    },
  ];
  return all as unknown as Scenario<string>[];
}

prove<typeof Once>({
  module: 'once',
  scenarios,
  mutants: [
    {
      fault: 'a success that is told after the lock is free',
      replace: 'done.store(1);\n    mutex.release(lock);',
      by: 'mutex.release(lock);\n    done.store(1);',
    },
    { fault: 'nobody looks again once it has the lock', replace: 'if (!isDone(words))\n        return true;', by: 'return true;' },
    {
      fault: 'a failure that keeps the lock',
      replace: 'export function fail({ lock }) {\n    mutex.release(lock);',
      by: 'export function fail({ lock }) {',
    },
    { fault: 'who comes too late keeps the lock', replace: 'mutex.release(words.lock);\n    return false;', by: 'return false;' },
  ],
});
