import { writeSync } from 'node:fs';
import type { Tally } from './ledger.ts';
import { Random } from './random.ts';

/** What a game is given: its numbers, its measure, and the book in which it writes. */
export interface Arena {
  readonly random: Random;
  /** How many faults it is to cause. */
  readonly moves: number;
  /** An empty folder of its own. */
  readonly folder: string;
  /** A small file system that may be filled; `null`: there is none. */
  readonly smallDisk: string | null;
  /** Notes a fault that was caused. */
  fault(kind: string): void;
  /** Notes what was done, and found right. */
  did(kind: string, count?: number): void;
  /** Notes what is wrong, unless `holds`. */
  must(holds: boolean, otherwise: string): void;
}

/** Plays against one part of the library, and resolves when all that it started has ended. */
export type Game = (arena: Arena) => Promise<void>;

export function arena(name: string, seed: number, tally: Tally, place: Pick<Arena, 'moves' | 'folder' | 'smallDisk'>): Arena {
  // Each game has numbers of its own: what one does never depends on how fast another is.
  let own = seed;
  for (const letter of name) own = Math.imul(own ^ letter.charCodeAt(0), 0x01000193) >>> 0;
  return {
    ...place,
    random: new Random(own),
    fault: (kind) => {
      tally.faults[kind] = (tally.faults[kind] ?? 0) + 1;
      // Whoever watches sees that something moves.
      writeSync(1, '.');
    },
    did: (kind, count = 1) => void (tally.done[kind] = (tally.done[kind] ?? 0) + count),
    must: (holds, otherwise) => void (holds || tally.wrong.push(`${name}: ${otherwise}`)),
  };
}

/** Lets some time pass: when a fault comes is left to the machine, which one is not. */
export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** An error in one line. */
export const told = (error: unknown): string => {
  const { name, message, stack } = error instanceof Error ? error : { name: typeof error, message: String(error), stack: '' };
  const place =
    stack
      ?.split('\n')
      .find((line) => /^\s+at /.test(line))
      ?.trim() ?? '';
  return `${name}: ${message.split('\n')[0]} ${place}`;
};
