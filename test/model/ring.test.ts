import type * as Ring from '../../src/sync/ring.ts';
import type { End, Me, Section } from './automaton.ts';
import type { Scenario } from './explore.ts';
import { check, prove } from './prove.ts';

type W = 'tail' | 'head' | 'items' | 'getters' | 'spaces' | 'putters' | 'slot0' | 'slot1' | 'lost' | 'data0' | 'data1' | 'got' | 'put';

function scenarios(ring: typeof Ring): Scenario<string>[] {
  const ringOf = ({ words }: Me<W>, slots: 1 | 2): Ring.Ring => ({
    tail: words.tail,
    head: words.head,
    items: words.items,
    getters: words.getters,
    spaces: words.spaces,
    putters: words.putters,
    slots: slots === 1 ? [words.slot0] : [words.slot0, words.slot1],
    lost: words.lost,
    isDead: (thread) => words.tail.isDead(thread),
  });
  const dataAt = ({ words }: Me<W>, slots: 1 | 2, position: number) => (slots === 2 && (position & 1) === 1 ? words.data1 : words.data0);
  /** Puts `value`, a bit of its own, into the ring. */
  const put = (slots: 1 | 2, value: number, ends: readonly End[] = []): Section<W>[] => [
    (me) => {
      const position = me.run(ring.putting(ringOf(me, slots)), ends);
      if (position >= 0) check(dataAt(me, slots, position).exchange(value) === 0, 'a slot that is in use is written to');
      else check(ends.length > 0, 'a wait without an end gave up');
      return position;
    },
    (me, position) => {
      if ((position as number) < 0) return;
      me.words.put.add(value);
      ring.publish(ringOf(me, slots), position as number);
    },
  ];
  const get = (slots: 1 | 2, ends: readonly End[] = []): Section<W>[] => [
    (me) => {
      const position = me.run(ring.getting(ringOf(me, slots)), ends);
      if (position < 0) {
        check(ends.length > 0, 'a wait without an end gave up');
        return position;
      }
      const value = dataAt(me, slots, position).exchange(0);
      check(value !== 0, 'a slot that is not filled is read');
      check((me.words.got.add(value) & value) === 0, 'an item came twice');
      return position;
    },
    (me, position) => {
      if ((position as number) >= 0) ring.free(ringOf(me, slots), position as number);
    },
  ];
  // Without the ghosts, in which the dead would leave what they had.
  const takeSlot: Section<W> = (me) => me.run(ring.putting(ringOf(me, 1)));
  const fill: Section<W> = (me, position) => ring.publish(ringOf(me, 1), position as number);
  const takeItem: Section<W> = (me) => me.run(ring.getting(ringOf(me, 1)));
  const free: Section<W> = (me, position) => ring.free(ringOf(me, 1), position as number);
  const words = {
    tail: 0,
    head: 0,
    items: 0,
    getters: 0,
    spaces: 0,
    putters: 0,
    slot0: 0,
    slot1: 0,
    lost: 0,
    data0: 0,
    data1: 0,
    got: 0,
    put: 0,
  };
  const base = { words, ghosts: ['data0', 'data1', 'got', 'put'] as const };
  const all3 = ({ got, putters, getters, lost }: Readonly<Record<W, number>>): void => {
    check(putters === 0 && getters === 0 && lost === 0, 'somebody is still announced');
    check(got === 3, `got ${got.toString(2)} of 11`);
  };
  const both: readonly End[] = ['timed-out', 'cancelled'];
  const all: Scenario<W>[] = [
    {
      name: '1 slot, one puts two, one gets two',
      ...base,
      threads: [
        [...put(1, 1), ...put(1, 2)],
        [...get(1), ...get(1)],
      ],
      atEnd: all3,
    },
    { name: '1 slot, two put, one gets', ...base, threads: [put(1, 1), put(1, 2), [...get(1), ...get(1)]], preemptions: 2, atEnd: all3 },
    { name: '1 slot, one puts, two get', ...base, threads: [[...put(1, 1), ...put(1, 2)], get(1), get(1)], preemptions: 2, atEnd: all3 },
    { name: '2 slots, two put, two get', ...base, threads: [put(2, 1), put(2, 2), get(2), get(2)], preemptions: 1, atEnd: all3 },
    {
      name: '1 slot, one puts two, one gets two, wakes for no reason',
      ...base,
      threads: [
        [...put(1, 1), ...put(1, 2)],
        [...get(1), ...get(1)],
      ],
      spurious: 2,
      atEnd: all3,
    },
    {
      name: 'a getter that gives up takes nothing with it',
      ...base,
      threads: [[...put(1, 1), ...put(1, 2)], get(1, both), get(1)],
      preemptions: 2,
      atEnd: ({ got, put: put3 }) => check((got & ~put3) === 0, 'more came than went'),
    },
    {
      name: 'a putter that gives up leaves the room to the others',
      ...base,
      threads: [put(1, 1, both), put(1, 2), get(1)],
      preemptions: 2,
      atEnd: ({ got, put: put3 }) => check((got & ~put3) === 0, 'more came than went'),
    },
    {
      name: 'what one that dies was at is given to the others',
      words,
      threads: [
        [takeSlot, fill],
        [takeSlot, fill],
        [takeItem, free],
      ],
      preemptions: 1,
      deaths: 1,
      // In place of a getter that is dead.
      bury(me, dead) {
        if (dead === 3) ring.free(ringOf(me, 1), me.run(ring.getting(ringOf(me, 1))));
      },
    },
  ];
  return all as unknown as Scenario<string>[];
}

prove<typeof Ring>({
  module: 'ring',
  scenarios,
  mutants: [
    { fault: 'a slot of the dead that is not seen', replace: '!ring.isDead(threadOf(seen))', by: 'true' },
    { fault: 'a bell that wakes nobody', replace: 'bell.wake(0x7fff_ffff);', by: ';' },
    { fault: 'a bell that does not change', replace: 'bell.add(1);', by: 'bell.load();' },
    {
      fault: 'a look before the bell is read',
      replace: 'const expected = bell.load();\n            const position = claim(ring);',
      by: 'const position = claim(ring);\n            const expected = bell.load();',
    },
    {
      fault: 'a plain store that claims a slot to fill',
      replace: 'slot.compareExchange(seen, wordOf(WRITING, lap, slot.self & THREAD)) !== seen',
      by: '(slot.store(wordOf(WRITING, lap, slot.self & THREAD)), false)',
    },
    {
      fault: 'a plain store that claims a slot to empty',
      replace: 'slot.compareExchange(seen, wordOf(READING, lap, slot.self & THREAD)) !== seen',
      by: '(slot.store(wordOf(READING, lap, slot.self & THREAD)), false)',
    },
    { fault: 'a waiter that is not announced', replace: 'announced.add(1);', by: 'announced.load();' },
  ],
});
