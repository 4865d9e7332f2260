import type { Game } from '../arena.ts';

/** A game that is lost at some seeds: what is said of a loss, and how it is played again, is seen by it. It is played only when it is asked for. */
export const planted: Game = async ({ random, moves, fault, did, must }) => {
  for (let move = 0; move < moves; move++) {
    fault('nothing at all');
    const number = random.below(1000);
    must(number >= 100, `the number ${number} of move ${move} is small`);
    did('numbers looked at');
  }
};
