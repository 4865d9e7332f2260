import { closeSync, openSync, writeSync } from 'node:fs';
import type { Heap } from './heap.ts';

/*
 * How a thread that awaits a word of mapped memory is woken: nothing may block its event loop, and the
 * kernel's futex wakes blocked threads only. So it leaves a note in a table of the heap, and whoever wakes
 * that word rings its bell: one byte into a pipe that its event loop reads.
 *
 * A bell is found without a name, as /proc/PID/fd/N: nothing is left behind by a process that dies.
 *
 * A note is four words:
 *   0  the word that is awaited, as offset / 4, or 0: the note is free
 *   1  FREE, TAKEN (being written), WAITING, RUNG
 *   2  the process, 3 the descriptor of its bell
 *
 *   FREE -> TAKEN        somebody begins to wait
 *   TAKEN -> WAITING     the note is complete
 *   WAITING -> RUNG      a waker has chosen it, and rings
 *   WAITING -> FREE      time is up, cancelled, or its process is gone
 *   RUNG -> FREE         it has heard the bell
 *
 * Whoever changes WAITING decides: a wake that is counted has been heard, or its process has died, and then
 * the others find out by looking again, as every sleeper does now and then.
 */
export const FREE = 0;
export const TAKEN = 1;
export const WAITING = 2;
export const RUNG = 3;

export const NOTES = 1024;
const WORDS_A_NOTE = 4;
export const BELL_TABLE_BYTES = 16 + NOTES * WORDS_A_NOTE * 4;

/** The notes of one heap, and the way to ring. */
export class Bells {
  readonly #heap: Heap;
  readonly #table: number; // index of the count of notes; the notes follow after four words
  readonly #pipes = new Map<string, number>();

  constructor(heap: Heap, offset: number) {
    this.#heap = heap;
    this.#table = offset / 4;
  }

  #note(index: number): number {
    return this.#table + 4 + index * WORDS_A_NOTE;
  }

  /** Leaves a note; -1 when the table is full. */
  announce(word: number, pid: number, bell: number): number {
    const { i32 } = this.#heap;
    const start = (word * 7 + pid) % NOTES;
    for (let step = 0; step < NOTES; step++) {
      const index = (start + step) % NOTES;
      const note = this.#note(index);
      if (Atomics.compareExchange(i32, note + 1, FREE, TAKEN) !== FREE) continue;
      i32[note] = word;
      i32[note + 2] = pid;
      i32[note + 3] = bell;
      Atomics.add(i32, this.#table, 1);
      Atomics.store(i32, note + 1, WAITING);
      return index;
    }
    return -1;
  }

  state(index: number): number {
    return Atomics.load(this.#heap.i32, this.#note(index) + 1);
  }

  /** Takes a note back. False when somebody has already rung for it: that wake is the caller's. */
  withdraw(index: number): boolean {
    const { i32 } = this.#heap;
    const note = this.#note(index);
    const mine = Atomics.compareExchange(i32, note + 1, WAITING, TAKEN) === WAITING;
    i32[note] = 0;
    Atomics.sub(i32, this.#table, 1);
    Atomics.store(i32, note + 1, FREE);
    return mine;
  }

  /** Rings for at most `count` of those who await `word`; says how many. One load when nobody awaits anything. */
  ring(word: number, count: number): number {
    const { i32 } = this.#heap;
    if (Atomics.load(i32, this.#table) === 0) return 0;
    let rung = 0;
    for (let index = 0; index < NOTES && rung < count; index++) {
      const note = this.#note(index);
      if (i32[note] !== word || Atomics.compareExchange(i32, note + 1, WAITING, RUNG) !== WAITING) continue;
      if (this.#pull(i32[note + 2]!, i32[note + 3]!)) rung++;
      else this.#forget(note);
    }
    return rung;
  }

  /** One byte into the pipe; false when its process is gone. */
  #pull(pid: number, bell: number): boolean {
    const path = `/proc/${pid}/fd/${bell}`;
    try {
      if (pid === process.pid) return writeSync(bell, 'x') === 1;
      let pipe = this.#pipes.get(path);
      if (pipe === undefined) this.#pipes.set(path, (pipe = openSync(path, 'w')));
      return writeSync(pipe, 'x') === 1;
    } catch {
      const pipe = this.#pipes.get(path);
      this.#pipes.delete(path);
      if (pipe !== undefined) closeSync(pipe);
      return false;
    }
  }

  /** The note of a process that is gone. */
  #forget(note: number): void {
    const { i32 } = this.#heap;
    i32[note] = 0;
    Atomics.sub(i32, this.#table, 1);
    Atomics.store(i32, note + 1, FREE);
  }
}
