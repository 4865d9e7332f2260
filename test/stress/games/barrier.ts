import { Barrier, BrokenBarrierError } from '../../../src/threading/index.ts';
import { OWN } from './board.ts';
import type { Game } from './player.ts';

/* How many have come; and for each number of an arrival, how many have gone on with it. */
const [CAME, WENT] = [OWN, OWN + 1];
const PARTIES = 2;

interface State {
  readonly barrier: Barrier;
}

export const barrier: Game<State> = {
  name: 'Barrier',
  words: 1 + PARTIES,
  make: (heap) => ({ barrier: new Barrier(PARTIES, {}, heap) }),
  async play(player, { barrier }) {
    const { board } = player;
    const { words } = board;
    Atomics.add(words, CAME, 1);
    let number: number | null;
    try {
      number = await player.wait(
        (wait) => barrier.waitSync(wait),
        (wait) => barrier.wait(wait),
      );
    } catch (error) {
      if (!(error instanceof BrokenBarrierError)) throw error;
      if (!board.isOver) barrier.reset();
      return;
    }
    if (number === null) return;
    const before = Atomics.add(words, WENT + number, 1);
    if (Atomics.load(words, CAME) < PARTIES * (before + 1)) board.cry(`${before + 1} rounds have passed, and too few have come`);
  },
  nudge({ barrier }, board) {
    if (board.isOver) barrier.abort();
  },
  async verify({ words }, { barrier }, killed) {
    const went = [words[WENT]!, words[WENT + 1]!];
    if (Math.abs(went[0]! - went[1]!) > killed) return `the numbers of arrivals were given out ${went.join(' and ')} times`;
    barrier.reset();
    const numbers = await Promise.all([barrier.wait(), barrier.wait()]);
    return new Set(numbers).size === PARTIES ? null : `the last two got ${numbers.join()}`;
  },
};
