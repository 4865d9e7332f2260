import { Once } from '../../../src/threading/index.ts';
import { OWN } from './board.ts';
import type { Game } from './player.ts';

/* Which one is the next to be done; and for each, how often it was done to its end. */
const [NEXT, DONE] = [OWN, OWN + 1];
const COUNT = 100;

interface State {
  readonly onces: readonly Once[];
}

export const once: Game<State> = {
  name: 'Once',
  words: 1 + COUNT,
  make: (heap) => ({ onces: Array.from({ length: COUNT }, () => new Once(undefined, heap)) }),
  async play(player, { onces }) {
    const { board, seat } = player;
    const { words } = board;
    const at = Atomics.load(words, NEXT);
    const one = onces[at]!;
    const act = (): void => {
      if (one.isDone) board.cry('it is done a second time');
      board.enter(seat, 1);
      const succeeds = player.random(6) === 0;
      board.leave(seat);
      if (!succeeds) throw new Failed('as it may');
      Atomics.add(words, DONE + at, 1);
    };
    try {
      const isDone = await player.wait(
        (wait) => one.callSync(act, wait) || null,
        async (wait) => (await one.call(act, wait)) || null,
      );
      if (isDone === null) return;
    } catch (error) {
      if (!(error instanceof Failed)) throw error;
      return;
    }
    if (!one.isDone || Atomics.load(words, DONE + at) === 0) board.cry('it is told as done, and nobody has done it');
    if (at + 1 < COUNT) Atomics.compareExchange(words, NEXT, at, at + 1);
  },
  async verify({ words }, { onces }, killed) {
    let again = 0;
    for (const [i, one] of onces.entries()) {
      const times = words[DONE + i]!;
      if (one.isDone && times === 0) return `the one with the number ${i} is told as done, and nobody has done it`;
      again += Math.max(0, times - 1);
      if (!(await one.call(() => {}))) return `nobody can do the one with the number ${i}`;
    }
    // One that dies when all is done but to say so leaves it to the next.
    return again <= killed ? null : `${again} were done again, and ${killed} died`;
  },
};

class Failed extends Error {}
