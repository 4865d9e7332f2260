import { Event } from '../../../src/threading/index.ts';
import { OWN } from './board.ts';
import type { Game } from './player.ts';

/* How often somebody was about to set it, and how often somebody had cleared it after that. */
const [SETS, CLEARS] = [OWN, OWN + 1];

interface State {
  readonly event: Event;
}

export const event: Game<State> = {
  name: 'Event',
  words: 2,
  make: (heap) => ({ event: new Event(undefined, heap) }),
  async play(player, { event }) {
    const { words } = player.board;
    if (player.random(3) === 0) {
      Atomics.add(words, SETS, 1);
      event.set();
      // Whoever slept goes on, although it is cleared at once.
      event.clear();
      Atomics.add(words, CLEARS, 1);
      return;
    }
    const clears = Atomics.load(words, CLEARS);
    const isThrough = await player.wait(
      (wait) => event.waitSync(wait),
      (wait) => event.wait(wait),
    );
    if (isThrough === true && Atomics.load(words, SETS) === clears)
      player.board.cry('one went through, and all that was set was cleared before');
  },
  nudge({ event }, { words }) {
    Atomics.add(words, SETS, 1);
    event.set();
    event.clear();
    Atomics.add(words, CLEARS, 1);
  },
  async verify(_, { event }) {
    event.clear();
    if ((await event.wait({ timeout: 0 })) || event.isSet()) return 'it is set after it was cleared';
    event.set();
    return (await event.wait()) ? null : 'it is not set after it was set';
  },
};
