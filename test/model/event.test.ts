import type * as Event from '../../src/sync/event.ts';
import type { End, Section } from './automaton.ts';
import type { Scenario } from './explore.ts';
import { check, prove } from './prove.ts';

type W = 'flag' | 'data';

function scenarios(event: typeof Event): Scenario<string>[] {
  const wait =
    (ends: readonly End[] = []): Section<W> =>
    ({ words, run }) => {
      if (run(event.wait(words.flag), ends)) check(words.data.load() === 1, 'woken before anything was set');
      else check(ends.length > 0, 'a wait without an end gave up');
    };
  const set: Section<W> = ({ words }) => {
    words.data.store(1);
    event.set(words.flag);
  };
  const clear: Section<W> = ({ words }) => event.clear(words.flag);
  const words = { flag: 0, data: 0 };
  const base = { words, ghosts: ['data'] as const };
  const isSet = ({ flag }: Readonly<Record<W, number>>): void => check((flag & 1) === 1, 'it ends unset');
  const all: Scenario<W>[] = [
    { name: '2 wait, one sets', ...base, threads: [[wait()], [wait()], [set]], spurious: 2, atEnd: isSet },
    // Who sleeps when it is set is woken although it is cleared at once; who comes later may wait in vain, and has an end.
    {
      name: 'one waits for the first of two',
      ...base,
      threads: [[wait(['timed-out'])], [set, clear]],
      atEnd: ({ flag }) => check((flag & 1) === 0, 'it ends set'),
    },
    { name: 'set, cleared, set', ...base, threads: [[wait()], [wait()], [set, clear, set]], atEnd: isSet },
    { name: '2 set and one clears', ...base, threads: [[wait(['timed-out', 'cancelled'])], [set], [set], [clear]] },
    {
      name: '3 threads, one dies, and who finds it sets',
      ...base,
      threads: [[wait()], [wait()], [set, set]],
      deaths: 1,
      bury(me) {
        set(me, undefined);
      },
      atEnd: isSet,
    },
    {
      name: 'a sleeper is woken by set although clear follows at once',
      words: { flag: 0, data: 1 },
      threads: [
        [({ words, run }) => check(run(event.wait(words.flag)), 'false')],
        [({ words }) => event.set(words.flag), ({ words }) => event.clear(words.flag), ({ words }) => event.set(words.flag)],
      ],
    },
  ];
  return all as unknown as Scenario<string>[];
}

prove<typeof Event>({
  module: 'event',
  scenarios,
  mutants: [
    { fault: 'a set that wakes one only', replace: 'word.wake(0x7fff_ffff)', by: 'word.wake(1)' },
    {
      fault: 'a set that wakes before it sets',
      replace: 'const now = word.compareExchange(seen, (seen + 1) | 0);\n        if (now === seen)\n            return void',
      by: 'word.wake(9); const now = word.compareExchange(seen, (seen + 1) | 0);\n        if (now === seen)\n            return; if (false) ',
    },
    {
      fault: 'a wait that believes every wake',
      replace: 'return true;\n    while (word.load() === before)',
      by: 'return true;\n    for (let i = 0; i < 1 && word.load() === before; i++)',
    },
    {
      fault: 'a sleeper that forgets what it saw',
      replace: 'yield { word, expected: before }',
      by: 'yield { word, expected: word.load() }',
    },
  ],
});
