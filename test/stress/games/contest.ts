import assert from 'node:assert/strict';
import { Process } from '../../../src/multiprocessing/index.ts';
import { type SharedArray, Thread } from '../../../src/threading/index.ts';
import { canShareMemory } from '../../../src/system/memory.ts';
import { type Heap, sharedHeap } from '../../../src/word/heap.ts';
import { processHeap } from '../../../src/word/process-heap.ts';
import { until } from '../../support/until.ts';
import { Board, SEATS } from './board.ts';
import { GAMES } from './games.ts';
import { numbers, Player } from './player.ts';

/** Somebody at a seat. */
interface Seated {
  /** Ends it at once, wherever it is; resolves when it is gone. */
  readonly kill: () => Promise<unknown>;
  readonly isGone: () => boolean;
}

/** Where players run. */
export interface Ground {
  readonly name: string;
  readonly heap: () => Heap;
  readonly seat: (...args: Parameters<typeof sit>) => Seated;
}

const THREADS: Ground = {
  name: 'threads',
  heap: sharedHeap,
  seat(...args) {
    const thread = new Thread({ target: sit, args, daemon: true });
    thread.start();
    return { kill: () => thread.terminate(), isGone: () => !thread.isAlive };
  },
};

const PROCESSES: Ground = {
  name: 'processes',
  heap: processHeap,
  seat(...args) {
    const child = new Process({ target: sit, args, daemon: true });
    child.start();
    return {
      async kill() {
        child.kill();
        await child.join();
      },
      isGone: () => !child.isAlive,
    };
  },
};

export const GROUNDS: readonly Ground[] = canShareMemory() ? [THREADS, PROCESSES] : [THREADS];

/** What a player does: rounds, until the game is over or it is killed. Runs in its thread or process. */
export async function sit(name: string, state: object, shared: SharedArray, seat: number, seed: number): Promise<void> {
  const board = new Board(shared);
  const { play } = GAMES.find((game) => game.name === name)!;
  const player = new Player(seat, board, seed);
  board.setBegun(seat, true);
  try {
    for (let round = 1; !board.isOver; round++) {
      await play(player, state);
      board.move();
      // The event loop has its turn, whatever the round did.
      if (round % 64 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
  } catch (error) {
    board.cry(String(error));
  }
}

/** Plays a game until so many players were killed and replaced. Fails when a rule is broken, and when nothing moves any more. */
export async function contest(name: string, ground: Ground, seed: number, kills: number): Promise<string> {
  const game = GAMES.find((one) => one.name === name)!;
  const random = numbers(seed);
  const heap = ground.heap();
  const board = Board.make(heap, game.words);
  const state = game.make(heap);
  const sitDown = (seat: number): Seated => ground.seat(name, state, board.numbers, seat, random(2 ** 31));
  const seated = Array.from({ length: SEATS }, (_, seat) => sitDown(seat));
  const isFair = (): boolean => {
    game.nudge?.(state, board);
    assert.equal(board.foul, null, `seed ${seed}`);
    return true;
  };
  try {
    for (let killed = 0; killed < kills; killed++) {
      const seat = random(SEATS);
      // One that is killed while it loads its modules is another matter.
      await until(() => isFair() && board.hasBegun(seat), `a player at seat ${seat}`);
      await new Promise((resolve) => setTimeout(resolve, random(30)));
      board.willKill(seat);
      await seated[seat]!.kill();
      board.hasKilled(seat);
      seated[seat] = sitDown(seat);
      const before = board.moves;
      await until(() => isFair() && board.moves > before, 'any move');
    }
    for (let seat = 0; seat < SEATS; seat++) await until(() => isFair() && board.hasBegun(seat), `a player at seat ${seat}`);
    board.end();
    await until(() => isFair() && seated.every((player) => player.isGone()), 'all players to go');
  } finally {
    await Promise.all(seated.filter((player) => !player.isGone()).map((player) => player.kill()));
  }
  assert.equal(await game.verify(board, state, kills), null, `seed ${seed}`);
  return `seed ${seed}: ${kills} killed, ${board.moves} rounds`;
}
