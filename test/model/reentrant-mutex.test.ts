import assert from 'node:assert/strict';
import type * as Reentrant from '../../src/sync/reentrant-mutex.ts';
import type { End, Me, Section } from './automaton.ts';
import type { Scenario } from './explore.ts';
import { check, prove } from './prove.ts';

type W = 'lock' | 'depth' | 'inside' | 'told';

function scenarios(reentrant: typeof Reentrant): Scenario<string>[] {
  const of = ({ words }: Me<W>): Reentrant.ReentrantWords => ({ lock: words.lock, depth: words.depth });
  /** Takes it twice, the second time without waiting, and gives it back in steps, or altogether. */
  const visit = (ends: readonly End[] = [], altogether = false): Section<W>[] => [
    (me) => reentrant.tryAcquire(of(me)) || me.run(reentrant.acquire(of(me)), ends),
    (me, grant) => {
      const { words, id } = me;
      if (grant === false) return;
      if (grant === 'abandoned') {
        words.told.add(1);
        check(reentrant.tryAcquire(of(me)) === 'acquired', 'the owner cannot say that it knows');
        check(reentrant.depthOf(of(me)) === 1, 'to say that one knows is no second acquire');
      }
      check(reentrant.tryAcquire(of(me)) === 'acquired', 'the owner cannot take it again');
      check(words.inside.exchange(id) === 0 || grant === 'abandoned', 'two threads are inside');
      if (altogether) {
        check(reentrant.releaseAll(of(me)) === 2, 'it was held twice');
        return;
      }
      check(reentrant.release(of(me)) && reentrant.isMine(of(me)), 'released too early');
      words.inside.store(0);
      check(reentrant.release(of(me)), 'the owner cannot release it');
    },
  ];
  const stranger: Section<W>[] = [
    (me) => check(reentrant.depthOf(of(me)) === 0, 'a stranger holds it'),
    (me) => check(!reentrant.release(of(me)), 'a stranger has released it'),
  ];
  const words = { lock: 0, depth: 0, inside: 0, told: 0 };
  const base = { words, ghosts: ['inside', 'told'] as const };
  const all: Scenario<W>[] = [
    { name: '2 threads', ...base, threads: [[...visit(), ...visit()], visit()], atEnd: (end) => assert.deepEqual(end, words) },
    {
      name: '2 threads, one of which gives up all at once',
      ...base,
      threads: [visit([], true).slice(0, 2), stranger],
      atEnd: (end) => assert.deepEqual([end.lock, end.depth], [0, 0]),
    },
    {
      name: '2 threads, one of which may give up, and a stranger',
      ...base,
      threads: [visit(), visit(['timed-out', 'cancelled']), stranger],
    },
    { name: '3 threads', ...base, threads: [visit(), visit(), visit()], preemptions: 3, atEnd: (end) => assert.deepEqual(end, words) },
    {
      name: '2 threads, one dies',
      ...base,
      threads: [visit(), visit()],
      deaths: 1,
      atEnd(end, [dead]) {
        check(end.told <= 1, `told ${end.told} times of one death`);
        check(end.lock === 0 || (end.lock & 0xff) === dead, 'left held by the living');
      },
    },
  ];
  return all as unknown as Scenario<string>[];
}

prove<typeof Reentrant>({
  module: 'reentrant-mutex',
  scenarios,
  mutants: [
    { fault: 'an owner that is not asked for at the release', replace: 'if (!isMine(words))\n        return false;', by: '' },
    { fault: 'a lock that is free before its depth is 0', replace: 'words.depth.store(depth);\n    return grant;', by: 'return grant;' },
    { fault: 'a depth that is not counted', replace: 'words.depth.add(1);', by: '' },
    { fault: 'a depth that outlives its owner', replace: 'words.depth.store(1);', by: 'words.depth.add(1);' },
  ],
});
