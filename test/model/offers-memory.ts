import type { FutexWord } from '../../src/word/word.ts';
import type { Me } from './automaton.ts';
import { check } from './prove.ts';

/*
 * What src/host/thread/offers.ts and table.ts work on in the model in place of the heap: each index that they read or write is one of the words of
 * the simulated thread that runs. A record is two words, and a ghost that counts who holds it.
 */
const TABLE = 16;
const FIRST_CARRIER = TABLE / 4 + 8;
const [COUNT, CALLING] = [TABLE / 4 + 5, TABLE / 4 + 6];
const CARRIER_WORDS = ['state', 'run', 'switch', 'maker', 'times', 'claim'] as const;

/** The simulated thread that runs: each section says so at its beginning. */
export const simulated: { me: Me<string> } = { me: undefined as never };

const wordOf = (name: string): FutexWord => simulated.me.words[name]!;

/** The word at an index; `undefined` for one that is never written: it is 0. */
function at(index: number): FutexWord | undefined {
  if (index === COUNT) return wordOf('count');
  if (index === CALLING) return wordOf('calling');
  return simulated.me.words[`${wordAt(index)}${Math.floor((index - FIRST_CARRIER) / CARRIER_WORDS.length)}`];
}

/** Which word of a carrier's entry lies at an index. */
function wordAt(index: number): (typeof CARRIER_WORDS)[number] {
  return CARRIER_WORDS[(index - FIRST_CARRIER) % CARRIER_WORDS.length]!;
}

function written(index: number): FutexWord {
  const word = at(index);
  check(word !== undefined, `a word is written that is none of the model: ${index}`);
  return word!;
}

const i32 = {};
type View = typeof i32;

export const Atomics = {
  // The root, which says where the table is.
  load: (_: View, index: number): number => (index === 0 ? TABLE / 16 : (at(index)?.load() ?? 0)),
  store: (_: View, index: number, value: number): void => written(index).store(value),
  exchange: (_: View, index: number, value: number): number => written(index).exchange(value),
  compareExchange: (_: View, index: number, expected: number, value: number): number => written(index).compareExchange(expected, value),
  add: (_: View, index: number, value: number): number => written(index).add(value),
  sub: (_: View, index: number, value: number): number => written(index).add(-value),
  // Nobody sleeps on a claim without a time-out.
  notify: (_: View, index: number, count = Infinity): number => (wordAt(index) === 'claim' ? 0 : written(index).wake(count)),
};

/** Whoever looks out for a change does so in a loop that a section begins with, and looks again whether it has come or not. */
export class Glance {
  sees(): never {
    return simulated.me.again();
  }
}

const MOST = 3;
/** Whether an entry is in use: that never changes, so a look is no step. */
export const isUsed = (carrier: number): boolean => carrier < MOST && `state${carrier}` in simulated.me.words;

const hold = (run: number, change: number): void =>
  check(wordOf(`refs${run / 16}`).add(change) > 0, `record ${run / 16} is ${change > 0 ? 'held' : 'let go'} that has been freed`);

const heap = {
  i32,
  rootOffset: (): number => 0,
  retain: (run: number): void => hold(run, 1),
  release: (run: number): void => hold(run, -1),
  word: (): null => null,
};
export const sharedHeap = (): typeof heap => heap;
export const onPatrol: (() => void)[] = [];

// ------------------------------------------------------------------ what record.ts does

export const [STARTED, DOOMED, ENDED, DIED] = [1, 2, 3, 4] as const;

/** Behind what is done to a record, in the same step. */
function held<T>(run: number, done: T): T {
  check(wordOf(`refs${run / 16}`).load() > 0, `record ${run / 16} is used that has been freed`);
  return done;
}

export const carrierOf = (run: number): number => held(run, wordOf(`carrier${run / 16}`).load() - 1);
export const setCarrierOf = (run: number, carrier: number): void => held(run, wordOf(`carrier${run / 16}`).store(carrier + 1));
export const stateOf = (run: number): number => held(run, wordOf(`record${run / 16}`).load());
export const doom = (run: number): boolean => held(run, wordOf(`record${run / 16}`).compareExchange(STARTED, DOOMED) === STARTED);
export const end = (run: number): boolean => finish(run, ENDED);
export const endBeforeBegin = (run: number): boolean => finish(run, DIED);
export const die = (run: number): boolean => finish(run, DIED);

function finish(run: number, state: number): boolean {
  const word = wordOf(`record${run / 16}`);
  const before = held(run, word.compareExchange(STARTED, state));
  if (before === DOOMED && state === DIED) {
    if (held(run, word.compareExchange(DOOMED, DIED)) !== DOOMED) return false;
  } else if (before !== STARTED) return false;
  heap.release(run);
  return true;
}
