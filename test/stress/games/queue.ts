import { Queue, QueueEmpty, QueueFull } from '../../../src/queue/index.ts';
import { OWN } from './board.ts';
import type { Game } from './player.ts';

/* How many items there were; and of each one, whether its put has come back, and how often it was got. */
const [ITEMS, STATES] = [OWN, OWN + 1];
const MOST = 60_000;
const IS_PUT = 256;

interface State {
  readonly queue: Queue<number>;
}

/** The ring, and what lies in its slots. */
export const queue: Game<State> = {
  name: 'Queue',
  words: 1 + MOST,
  make: (heap) => ({ queue: new Queue<number>({ maxSize: 4 }, heap) }),
  async play(player, { queue }) {
    const { board } = player;
    const { words } = board;
    try {
      if (player.random(2) === 0) {
        const item = Atomics.add(words, ITEMS, 1);
        if (item >= MOST) return void Atomics.sub(words, ITEMS, 1);
        const isPut = await player.wait(
          (wait) => (queue.putSync(item, wait), true),
          async (wait) => (await queue.put(item, wait), true),
          { ends: true },
        );
        if (isPut !== null) Atomics.add(words, STATES + item, IS_PUT);
        return;
      }
      const item = await player.wait(
        (wait) => queue.getSync(wait),
        (wait) => queue.get(wait),
        { ends: true },
      );
      if (item === null) return;
      const before = Atomics.add(words, STATES + item, 1);
      if ((before & (IS_PUT - 1)) > 0) board.cry(`item ${item} was got a second time`);
    } catch (error) {
      if (!(error instanceof QueueEmpty) && !(error instanceof QueueFull)) throw error;
    }
  },
  async verify({ words }, { queue }, killed) {
    for (;;) {
      let item: number;
      try {
        item = queue.getSync({ timeout: 0 });
      } catch (error) {
        if (!(error instanceof QueueEmpty)) throw error;
        break;
      }
      words[STATES + item]! += 1;
    }
    let lost = 0;
    for (let item = 0; item < words[ITEMS]!; item++) {
      const state = words[STATES + item]!;
      if ((state & (IS_PUT - 1)) > 1) return `item ${item} was got twice`;
      if (state === IS_PUT) lost++;
    }
    return lost <= killed ? null : `${lost} items are lost, and ${killed} players were killed`;
  },
};
