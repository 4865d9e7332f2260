import type * as RwLock from '../../src/sync/rwlock.ts';
import type { End, Me, Section } from './automaton.ts';
import type { Scenario } from './explore.ts';
import { check, prove } from './prove.ts';

type W = 'writer' | 'r0' | 'r1' | 'r2' | Ghost;
/** What each thread is: outside, 1 reading, 2 writing. Whether one has ever written, and whether others are still to be told. */
type Ghost = 'is1' | 'is2' | 'is3' | 'is4' | 'wrote' | 'told';
const THREADS = ['is1', 'is2', 'is3', 'is4'] as const;

function scenarios(rwlock: typeof RwLock): Scenario<string>[] {
  const of = ({ words }: Me<W>): RwLock.RwWords => {
    const places = [{ word: words.r0 }, { word: words.r1 }, { word: words.r2 }];
    return { writer: words.writer, readers: { all: () => places, grow: () => check(false, 'there are places enough') } };
  };
  const enter = ({ words, id }: Me<W>, as: number): void => {
    words[THREADS[id - 1]!].exchange(as);
    for (const other of THREADS) {
      if (other === THREADS[id - 1]) continue;
      const is = words[other].load();
      check(is === 0 || (is === 1 && as === 1), `a ${as === 1 ? 'reader' : 'writer'} is in with a ${is === 1 ? 'reader' : 'writer'}`);
    }
    if (as === 2) words.wrote.exchange(1);
  };
  const reads = (ends: readonly End[] = []): Section<W>[] => [
    (me) => {
      const grant = me.run(rwlock.read(of(me)), ends);
      if (grant === false) check(ends.length > 0, 'a wait without an end gave up');
      else enter(me, 1);
      check(grant !== 'abandoned' || me.words.wrote.load() === 1, 'nobody has died who wrote');
      return grant;
    },
    (me, grant) => {
      if (grant === false) return;
      me.words[THREADS[me.id - 1]!].store(0);
      check(rwlock.releaseRead(of(me)), 'it does not read');
    },
  ];
  const writes = (ends: readonly End[] = []): Section<W>[] => [
    (me) => {
      const grant = me.run(rwlock.write(of(me)), ends);
      if (grant === false) check(ends.length > 0, 'a wait without an end gave up');
      else {
        check(grant !== 'abandoned' || me.words.wrote.load() === 1, 'nobody has died who wrote');
        enter(me, 2);
      }
      return grant;
    },
    (me, grant) => {
      if (grant === false) return;
      me.words[THREADS[me.id - 1]!].store(0);
      check(rwlock.releaseWrite(of(me)) === me.id, 'it does not write');
    },
  ];
  const tries: Section<W>[] = [
    (me) => {
      const grant = rwlock.tryWrite(of(me));
      if (grant !== false) enter(me, 2);
      return grant !== false;
    },
    (me, granted) => {
      if (granted === true) {
        me.words[THREADS[me.id - 1]!].store(0);
        rwlock.releaseWrite(of(me));
      }
      const grant = rwlock.tryRead(of(me));
      if (grant !== false) enter(me, 1);
      return grant !== false;
    },
    (me, granted) => {
      if (granted !== true) return;
      me.words[THREADS[me.id - 1]!].store(0);
      rwlock.releaseRead(of(me));
    },
  ];
  const base = {
    words: { writer: 0, r0: 0, r1: 0, r2: 0, is1: 0, is2: 0, is3: 0, is4: 0, wrote: 0, told: 0 },
    ghosts: [...THREADS, 'wrote', 'told'] as const,
  };
  const free = ({ writer, r0, r1, r2 }: Readonly<Record<W, number>>): void =>
    check(writer === 0 && r0 === 0 && r1 === 0 && r2 === 0, `it ends with writer ${writer}, readers ${r0} ${r1} ${r2}`);
  /** Notices a death: who was in is gone. Then a writer comes, and a reader, and all is well. */
  const bury = (me: Me<W>, dead: number): void => {
    const was = me.words[THREADS[dead - 1]!].exchange(0);
    const first = me.run(rwlock.write(of(me)));
    enter(me, 2);
    if (was === 2 && me.words.told.load() === 0) check(first === 'abandoned', 'a writer has died in it, and nobody is told');
    me.words[THREADS[me.id - 1]!].store(0);
    rwlock.releaseWrite(of(me));
  };
  const both: readonly End[] = ['timed-out', 'cancelled'];
  const all: Scenario<W>[] = [
    { name: '1 reader, 1 writer', ...base, threads: [reads(), writes()], spurious: 1, atEnd: free },
    { name: '2 readers that look at the same place first', ...base, threads: [[], [], reads(), reads()], atEnd: free },
    { name: '2 writers', ...base, threads: [writes(), writes()], atEnd: free },
    { name: '2 readers, 1 writer', ...base, preemptions: 3, threads: [reads(), reads(), writes()], atEnd: free },
    { name: '1 reader, 2 writers', ...base, preemptions: 2, threads: [reads(), writes(), writes()], atEnd: free },
    {
      name: '1 reader, 1 writer, twice',
      ...base,
      preemptions: 3,
      threads: [
        [...reads(), ...reads()],
        [...writes(), ...writes()],
      ],
      atEnd: free,
    },
    { name: 'a writer that may give up', ...base, preemptions: 2, threads: [reads(), reads(), writes(both)], atEnd: free },
    { name: 'readers that may give up', ...base, preemptions: 2, threads: [reads(both), reads(['timed-out']), writes()], atEnd: free },
    { name: 'two that try, and a writer', ...base, preemptions: 2, threads: [tries, tries, writes()], atEnd: free },
    { name: '2 readers, 2 writers', ...base, threads: [writes(), writes(['timed-out']), reads(), reads()], preemptions: 1, atEnd: free },
    {
      // A reader that waits for the other one to come in: a writer that has given up must not keep that one out.
      name: 'a reader stays until the other has come, and a writer gives up',
      words: base.words,
      preemptions: 2,
      threads: [
        [(me) => void me.run(rwlock.read(of(me))), ({ words, run }) => run(until(words.told)), (me) => void rwlock.releaseRead(of(me))],
        [
          (me) => void me.run(rwlock.read(of(me))),
          (me) => {
            me.words.told.store(1);
            me.words.told.wake(1);
            rwlock.releaseRead(of(me));
          },
        ],
        [(me) => void (me.run(rwlock.write(of(me)), ['timed-out']) !== false && rwlock.releaseWrite(of(me)))],
      ],
      atEnd: free,
    },
    { name: 'a writer that dies', ...base, threads: [writes()], deaths: 1, bury, atEnd: free },
    { name: 'a reader that dies', ...base, threads: [reads()], deaths: 1, bury, atEnd: free },
    {
      name: 'a reader or a writer that dies',
      ...base,
      threads: [
        [...reads(), (me) => void me.words.told.exchange(1)],
        [...writes(), (me) => void me.words.told.exchange(1)],
      ],
      deaths: 1,
      preemptions: 2,
      bury,
      atEnd: ({ writer }) => check((writer & ~(1 << 30)) === 0, `it ends with writer ${writer}`),
    },
    {
      name: '2 writers, one dies, and a reader',
      ...base,
      threads: [writes(), [...writes(), (me) => void me.words.told.exchange(1)], reads()],
      deaths: 1,
      preemptions: 1,
      bury: (me, dead) => {
        me.words[THREADS[dead - 1]!].exchange(0);
        me.run(rwlock.write(of(me)));
        rwlock.releaseWrite(of(me));
      },
      atEnd: ({ writer }) => check((writer & ~(1 << 30)) === 0, `it ends with writer ${writer}`),
    },
    {
      name: 'all are told of a dead writer, until one has written',
      ...base,
      threads: [
        [
          (me) => void (me.run(rwlock.write(of(me))) !== false && me.words.told.exchange(1)),
          (me) => void (me.words.told.store(0), rwlock.releaseWrite(of(me))),
        ],
      ],
      deaths: 1,
      bury(me) {
        const told = me.words.told.load() === 1 ? 'abandoned' : false;
        for (const grant of [rwlock.tryRead(of(me)), me.run(rwlock.read(of(me)))]) {
          check(told === false || grant === told, 'a reader is not told');
          check(me.run(rwlock.write(of(me)), ['timed-out']) === false, 'it writes while it reads');
          rwlock.releaseRead(of(me));
        }
        const grant = me.run(rwlock.write(of(me)));
        check(told === false || grant === told, 'a writer is not told');
        if (grant === 'abandoned') check(rwlock.tryWrite(of(me)) === 'acquired', 'a second acquire does not say that it knows');
        rwlock.releaseWrite(of(me));
        check(rwlock.tryRead(of(me)) === 'acquired', 'one is told that need not be');
        rwlock.releaseRead(of(me));
      },
      atEnd: free,
    },
  ];
  return all as unknown as Scenario<string>[];
}

function* until(word: { load(): number }): Generator<{ word: never; expected: number }, void, never> {
  while (word.load() === 0) yield { word: word as never, expected: 0 };
}

prove<typeof RwLock>({
  module: 'rwlock',
  scenarios,
  mutants: [
    { fault: 'a writer that does not wait for readers', replace: 'if (isRead(word, seen))\n            return at;', by: '' },
    {
      fault: 'a reader that does not look for a writer again',
      replace: 'const seen = writer.load();\n    if ((seen & OWNER) === 0)\n        return (seen & ABANDONED)',
      by: 'const seen = before & ABANDONED;\n    if ((seen & OWNER) === 0)\n        return (seen & ABANDONED)',
    },
    {
      fault: 'a plain store that takes a place',
      replace: 'place.word.compareExchange(0, self) === 0',
      by: '(place.word.store(self), true)',
    },
    { fault: 'a dead writer that is not seen', replace: '!writer.isDead(seen & OWNER)', by: 'true' },
    { fault: 'a dead reader that is not seen', replace: '!word.isDead(seen & OWNER)', by: 'true' },
    { fault: 'a dead writer of whom nobody is told', replace: '(seen & WAITING) === 0 ? ABANDONED : seen & ABANDONED', by: '0' },
    {
      fault: 'a writer that has only waited, and is told of when it dies',
      replace: '(seen & WAITING) === 0 ? ABANDONED : seen & ABANDONED',
      by: 'ABANDONED',
    },
    {
      fault: 'a writer that gives up and forgets that one has died',
      replace: 'writer.compareExchange(seen, seen & ABANDONED);',
      by: 'writer.compareExchange(seen, 0);',
    },
    {
      fault: 'a writer that gives up and tells nobody',
      replace: 'if ((seen & CONTENDED) !== 0)\n                writer.wake(ALL);\n            return;',
      by: 'return;',
    },
    {
      fault: 'a reader that leaves and tells nobody',
      replace: 'if ((seen & CONTENDED) !== 0)\n                word.wake(ALL);\n            return true;',
      by: 'return true;',
    },
    {
      fault: 'a writer that leaves and wakes only one',
      replace: 'if ((seen & CONTENDED) !== 0)\n                writer.wake(ALL);\n            return seen & OWNER;',
      by: 'if ((seen & CONTENDED) !== 0)\n                writer.wake(1);\n            return seen & OWNER;',
    },
  ],
});
