import type * as RwLock from '../../src/sync/rwlock.ts';
import type { End, Section } from './automaton.ts';
import type { Scenario } from './explore.ts';
import { check, prove } from './prove.ts';

type W = 'holders' | 'writers' | 'reading' | 'writing';

function scenarios(rwlock: typeof RwLock): Scenario<string>[] {
  const reads = (ends: readonly End[] = []): Section<W>[] => [
    ({ words, run }) => {
      const granted = run(rwlock.read(words), ends);
      if (granted) {
        words.reading.add(1);
        check(words.writing.load() === 0, 'a reader is in with a writer');
      } else check(ends.length > 0, 'a wait without an end gave up');
      return granted;
    },
    ({ words }, granted) => {
      if (granted !== true) return;
      words.reading.add(-1);
      check(rwlock.releaseRead(words), 'nobody reads');
    },
  ];
  const writes = (ends: readonly End[] = []): Section<W>[] => [
    ({ words, run }) => {
      const granted = run(rwlock.write(words), ends);
      if (granted) {
        check(words.writing.exchange(1) === 0, 'two writers are in');
        check(words.reading.load() === 0, 'a writer is in with a reader');
      } else check(ends.length > 0, 'a wait without an end gave up');
      return granted;
    },
    ({ words }, granted) => {
      if (granted !== true) return;
      words.writing.store(0);
      check(rwlock.releaseWrite(words), 'nobody writes');
    },
  ];
  const read: Section<W> = ({ words, run }) => run(rwlock.read(words));
  const endReading: Section<W> = ({ words }) => void rwlock.releaseRead(words);
  const write: Section<W> = ({ words, run }) => run(rwlock.write(words));
  const endWriting: Section<W> = ({ words }) => void rwlock.releaseWrite(words);
  const base = { words: { holders: 0, writers: 0, reading: 0, writing: 0 }, ghosts: ['reading', 'writing'] as const };
  const free = ({ holders, writers }: Readonly<Record<W, number>>): void =>
    check(holders === 0 && writers === 0, `it ends with ${holders} holders and ${writers} waiting writers`);
  const both: readonly End[] = ['timed-out', 'cancelled'];
  const all: Scenario<W>[] = [
    { name: '2 readers, 1 writer', ...base, threads: [reads(), reads(), writes()], atEnd: free },
    { name: '1 reader, 2 writers', ...base, preemptions: 3, threads: [reads(), writes(), writes()], atEnd: free },
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
    {
      name: '2 readers, 1 writer, wakes for no reason',
      ...base,
      preemptions: 3,
      threads: [reads(), reads(), writes()],
      spurious: 1,
      atEnd: free,
    },
    { name: 'a writer that may give up', ...base, preemptions: 3, threads: [reads(), reads(), writes(both)], atEnd: free },
    { name: 'readers that may give up', ...base, preemptions: 3, threads: [reads(both), reads(['timed-out']), writes()], atEnd: free },
    { name: '2 readers, 2 writers', ...base, threads: [reads(), reads(), writes(), writes(['timed-out'])], preemptions: 2, atEnd: free },
    {
      // A reader that waits for the other one to come in: a writer that has given up must not keep that one out.
      name: 'a reader stays until the other has come, and a writer gives up',
      words: { ...base.words },
      threads: [
        [read, ({ words, run }) => run(until(words.reading)), endReading],
        [
          read,
          ({ words }) => {
            words.reading.store(1);
            words.reading.wake(1);
            rwlock.releaseRead(words);
          },
        ],
        [({ words, run }) => void (run(rwlock.write(words), ['timed-out']) && rwlock.releaseWrite(words))],
      ],
      // The writer may be the first that comes in only if it goes on by itself: it never waits for ever here.
      atEnd: ({ holders, writers }) => check(holders === 0 && writers === 0, 'left held'),
    },
    {
      name: 'a writer that dies',
      ...base,
      threads: [
        [write, endWriting],
        [write, endWriting],
        [write, endWriting],
      ],
      deaths: 1,
      atEnd: ({ holders }, [dead]) => check(holders === 0 || holders === -(dead ?? 0), `left held: ${holders}`),
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
    {
      fault: 'a plain store that lets a writer in',
      replace: 'words.holders.compareExchange(0, -words.holders.self) === 0',
      by: '(words.holders.load() === 0 && (words.holders.store(-words.holders.self), true))',
    },
    {
      fault: 'a plain store that lets a reader in',
      replace: 'words.holders.compareExchange(seen, seen + 1)',
      by: '(words.holders.store(seen + 1), seen)',
    },
    { fault: 'a dead writer that is not seen', replace: 'holders.isDead(-seen)', by: 'false' },
    {
      fault: 'readers that wait for others although a writer has given up',
      replace: 'seen > 0 ? { word: writers, expected: waiting } : { word: holders, expected: seen }',
      by: '{ word: holders, expected: seen }',
    },
    { fault: 'a writer that tells nobody that it has given up', replace: 'words.writers.wake(0x7fff_ffff);', by: ';' },
  ],
});
