import assert from 'node:assert/strict';
import type { Waiting } from '../../src/sync/waiting.ts';
import type { FutexWord } from '../../src/word/word.ts';
import { test } from '../support/test.ts';
import type { Me, Section } from './automaton.ts';
import { explore, ModelFailure, type Scenario } from './explore.ts';
import { check } from './prove.ts';

/*
 * How a pool's owner breaks off a task while it ends by itself, or becomes one that awaits: the steps of src/futures/fabric/break-offs.ts and
 * task-runner.ts, on words. What must hold: an interrupt hits the task that it is meant for and none after it, the slot comes home once, and
 * the word that follows by a port does no harm to the next task in the same slot.
 */
const [RUNNING, CANCELLING, DONE] = [2, 3, 4];
const [AWAITS, INTERRUPTING] = [1, 2];

type W = 'state' | 'flags' | 'interrupt' | 'late' | 'reports' | 'harmed';
type Fault = 'does not stand still' | 'becomes async unseen' | 'takes any late word for its own' | 'gives up twice';

function* until(word: FutexWord, value: number): Waiting<void> {
  for (let seen = word.load(); seen !== value; seen = word.load()) yield { word, expected: seen };
}

function set(word: FutexWord, value: number): void {
  word.store(value);
  word.wake(Infinity);
}

const giveUp = ({ words }: Me<W>): void => {
  if (words.state.compareExchange(CANCELLING, DONE) !== CANCELLING) return;
  words.reports.add(1);
  words.state.wake(Infinity);
};

const standStill = (me: Me<W>): void => {
  me.run(until(me.words.interrupt, 1));
  me.words.interrupt.store(0);
};

/** The task's call: it may be interrupted, it ends, or it has returned a promise that is awaited. */
const worker = (isAsync: boolean, fault?: Fault): Section<W>[] => [
  (me) => {
    const { words } = me;
    if (words.interrupt.load() === 1) {
      words.interrupt.store(0);
      giveUp(me);
      return 'interrupted';
    }
    if (isAsync && (words.flags.add(AWAITS) & INTERRUPTING) !== 0 && fault !== 'becomes async unseen') {
      standStill(me);
      giveUp(me);
      return 'interrupted';
    }
    if (words.state.compareExchange(RUNNING, DONE) === RUNNING) {
      words.reports.add(1);
      words.state.wake(Infinity);
      return 'ended';
    }
    if (!isAsync && fault !== 'does not stand still') standStill(me);
    giveUp(me);
    if (fault === 'gives up twice') words.reports.add(1);
    return 'broken off';
  },
  // The owner may have put the next task into the slot: it runs, or awaits.
  (me) => {
    const { words } = me;
    check(words.interrupt.load() === 0, 'an interrupt hits the next task');
    if (words.late.load() === 0) return;
    const isMeant = words.state.load() === CANCELLING;
    if (!isMeant && fault === 'takes any late word for its own') words.harmed.store(1);
    if (isMeant) giveUp(me);
  },
];

const owner = (reuses: boolean): Section<W>[] => [
  ({ words }) => {
    if (words.state.compareExchange(RUNNING, CANCELLING) !== RUNNING) return false;
    if ((words.flags.add(INTERRUPTING) & AWAITS) === 0) set(words.interrupt, 1);
    words.late.store(1);
    return true;
  },
  (me, isBrokenOff) => {
    if (isBrokenOff !== true || !reuses) return;
    me.run(until(me.words.state, DONE));
    me.words.flags.store(0);
    me.words.state.store(RUNNING);
  },
];

function scenario(isAsync: boolean, reuses: boolean, fault?: Fault): Scenario<string> {
  const made: Scenario<W> = {
    name: `${isAsync ? 'a task that awaits' : 'a call'}${reuses ? ', and the slot is used again' : ''}`,
    words: { state: RUNNING, flags: 0, interrupt: 0, late: 0, reports: 0, harmed: 0 },
    ghosts: ['reports', 'harmed'],
    threads: [owner(reuses), worker(isAsync, fault)],
    atEnd: ({ state, interrupt, reports, harmed }) => {
      check(interrupt === 0, 'an interrupt is on its way that nobody waits for');
      check(reports === 1, `the slot comes home ${reports} times`);
      check(harmed === 0, 'a late word ends the next task');
      check(state === DONE || state === RUNNING, 'the slot is lost');
    },
  };
  return made as unknown as Scenario<string>;
}

test('a task is broken off exactly, in every order of the two threads', (context) => {
  for (const isAsync of [false, true])
    for (const reuses of [false, true]) {
      const one = scenario(isAsync, reuses);
      context.diagnostic(`${one.name}: ${explore(one)} states`);
    }
});

const faults: readonly (readonly [Fault, isAsync: boolean])[] = [
  ['does not stand still', false],
  ['becomes async unseen', true],
  ['takes any late word for its own', true],
  ['gives up twice', false],
];
for (const [fault, isAsync] of faults) {
  test(`a thread that ${fault} is found out`, () => {
    assert.throws(() => explore(scenario(isAsync, true, fault)), ModelFailure);
  });
}
