import type { Wait } from '../../../src/base/deadline.ts';
import { AbandonedLockError } from '../../../src/threading/index.ts';
import type { Heap } from '../../../src/word/heap.ts';
import type { Board } from './board.ts';

/** Numbers from 0 up to, not including, `below`: the same ones for the same seed. */
export function numbers(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** One that plays. Every second one blocks where it waits, and the others await. */
export class Player {
  readonly seat: number;
  readonly board: Board;
  readonly random: (below: number) => number;

  constructor(seat: number, board: Board, seed: number) {
    this.seat = seat;
    this.board = board;
    this.random = numbers(seed);
  }

  get blocks(): boolean {
    return this.seat % 2 === 0;
  }

  /**
   * Waits, blocking or awaiting, without an end, for a while, or until it is cancelled. What it gave; `null` when it was broken off. With
   * `ends`, the wait has an end.
   */
  async wait<T>(
    blocking: (wait: Pick<Wait, 'timeout'>) => T | null,
    awaiting: (wait: Wait) => Promise<T | null>,
    { ends = false }: { readonly ends?: boolean } = {},
  ): Promise<T | null> {
    const how = this.random(3);
    if (this.blocks || how === 1) {
      const wait = how === 0 && !ends ? {} : { timeout: this.random(10) };
      return this.blocks ? blocking(wait) : awaiting(wait);
    }
    if (how === 0 && !ends) return awaiting({});
    const cancel = new AbortController();
    const timer = setTimeout(() => cancel.abort(), this.random(10));
    try {
      return await awaiting({ signal: cancel.signal });
    } catch (error) {
      if (error !== cancel.signal.reason) throw error;
      return null;
    } finally {
      clearTimeout(timer);
    }
  }

  /** As `wait`; who is told of a dead holder repairs what it guards, and has what it waited for. */
  async acquire<T>(
    blocking: (wait: Pick<Wait, 'timeout'>) => T | null,
    awaiting: (wait: Wait) => Promise<T | null>,
    repair: () => void,
  ): Promise<T | null> {
    try {
      return await this.wait(blocking, awaiting);
    } catch (error) {
      if (!(error instanceof AbandonedLockError)) throw error;
      repair();
      return error.held as T;
    }
  }
}

/** A game: what players do at random with one kind of shared thing, which has to hold whatever happens to them. */
export interface Game<S = object> {
  readonly name: string;
  /** How many words of the board it needs. */
  readonly words: number;
  readonly make: (heap: Heap) => S;
  /** One round of one player. */
  readonly play: (player: Player, state: S) => Promise<void>;
  /** Lets those go that wait without an end, for what none of them may ever do; called again and again. */
  readonly nudge?: (state: S, board: Board) => void;
  /** What holds when all have gone, of whom so many were killed: a foul, or nothing. */
  readonly verify: (board: Board, state: S, killed: number) => Promise<string | null>;
}
