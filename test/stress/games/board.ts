import { int32, SharedArray } from '../../../src/threading/index.ts';
import type { Heap } from '../../../src/word/heap.ts';

/*
 * What the players of a game and its referee share: numbers.
 *
 *   STOP    1: the game is over
 *   MOVES   how many rounds have been played
 *   FOULS   how many rules have been seen broken
 *   FOUL    bytes: what the first one was
 *   MASKS   a bit for each seat: bits 0 to 7 it is inside, 8 to 15 it is being killed, 16 to 23 it is inside alone
 *   BEGUN   a word for each seat: its player is there
 *   OWN     the game's own
 *
 * One word holds all masks: so who comes in sees at once who is inside, and who of them may be dead.
 */
export const SEATS = 4;
const [STOP, MOVES, FOULS, MASKS, BEGUN, FOUL] = [0, 1, 2, 3, 4, 12];
const FOUL_BYTES = 256;
export const OWN: number = FOUL + FOUL_BYTES / 4;

export class Board {
  readonly numbers: SharedArray;
  readonly words: Int32Array;

  constructor(numbers: SharedArray) {
    this.numbers = numbers;
    this.words = numbers.view as Int32Array;
  }
  static make(heap: Heap, own: number): Board {
    return new Board(new SharedArray(int32, OWN + own, heap));
  }

  get isOver(): boolean {
    return Atomics.load(this.words, STOP) === 1;
  }
  end(): void {
    Atomics.store(this.words, STOP, 1);
  }
  get moves(): number {
    return Atomics.load(this.words, MOVES);
  }
  move(): void {
    Atomics.add(this.words, MOVES, 1);
  }
  hasBegun(seat: number): boolean {
    return Atomics.load(this.words, BEGUN + seat) === 1;
  }
  setBegun(seat: number, begun: boolean): void {
    Atomics.store(this.words, BEGUN + seat, begun ? 1 : 0);
  }

  /** What the first foul was, or `null`. */
  get foul(): string | null {
    if (Atomics.load(this.words, FOULS) === 0) return null;
    return this.#text.toString('utf8').replace(/\0+$/, '');
  }
  cry(foul: string): void {
    if (Atomics.add(this.words, FOULS, 1) === 0) this.#text.write(foul.slice(0, FOUL_BYTES / 2));
  }
  get #text(): Buffer {
    return Buffer.from(this.words.buffer, this.words.byteOffset + FOUL * 4, FOUL_BYTES);
  }

  /** The seat is inside, with no more than `most` in all. */
  enter(seat: number, most: number): void {
    const seen = Atomics.or(this.words, MASKS, 1 << seat);
    const others = bits(seen & ~(seen >> 8) & 0xff);
    if (others + 1 > most) this.cry(`${others + 1} are inside, where ${most} may be`);
    if (bits((seen >> 16) & ~(seen >> 8) & 0xff) > 0) this.cry('somebody is inside beside one who should be alone');
  }
  leave(seat: number): void {
    Atomics.and(this.words, MASKS, ~(1 << seat));
  }
  /** The seat is inside, and nobody else. */
  enterAlone(seat: number): void {
    const seen = Atomics.or(this.words, MASKS, 1 << (16 + seat));
    if (bits((seen | (seen >> 16)) & ~(seen >> 8) & 0xff) > 0) this.cry('one who should be alone finds somebody inside');
  }
  leaveAlone(seat: number): void {
    Atomics.and(this.words, MASKS, ~(1 << (16 + seat)));
  }

  /** What the player at this seat is in counts no more, from now on. */
  willKill(seat: number): void {
    Atomics.or(this.words, MASKS, 1 << (8 + seat));
    this.setBegun(seat, false);
  }
  hasKilled(seat: number): void {
    Atomics.and(this.words, MASKS, ~(0x1_01_01 << seat));
    this.setBegun(seat, false);
  }
}

function bits(mask: number): number {
  let count = 0;
  for (let left = mask; left !== 0; left &= left - 1) count++;
  return count;
}
