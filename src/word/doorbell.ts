import { Socket } from 'node:net';
import { type Deadline, NEVER, remaining } from '../base/deadline.ts';
import { createPipe } from '../system/memory.ts';
import { type Bells, RUNG } from './bell.ts';
import { holdLoop, releaseLoop } from './keep-alive.ts';
import type { Cancel, FutexWord, WakeReason } from './word.ts';

/** This thread's bell, made at its first await of mapped memory, and those who listen to it. */
export class Doorbell {
  readonly #bells: Bells;
  readonly #listeners = new Map<number, (reason: WakeReason) => void>();
  #write = -1;

  constructor(bells: Bells) {
    this.#bells = bells;
  }

  ring(index: number, count: number): number {
    return this.#bells.ring(index, count);
  }

  sleep(word: FutexWord, index: number, expected: number, deadline: Deadline, cancel?: Cancel): Promise<WakeReason> {
    if (word.load() !== expected) return Promise.resolve('changed');
    if (this.#write < 0) this.#listen();
    const note = this.#bells.announce(index, process.pid, this.#write);
    // No room for a note: come back and look again, as after a spurious wake.
    if (note < 0) return new Promise((resolve) => setTimeout(resolve, Math.min(5, remaining(deadline)), 'woken'));
    if (word.load() !== expected) {
      // A wake that chose this note in the meantime was meant for a sleeper; we do not sleep, so it is passed on.
      if (!this.#bells.withdraw(note)) word.wake(1);
      return Promise.resolve('changed');
    }
    holdLoop();
    return new Promise((resolve) => {
      let timer: NodeJS.Timeout | undefined;
      const end = (reason: WakeReason): void => {
        this.#listeners.delete(note);
        clearTimeout(timer);
        releaseLoop();
        const mine = this.#bells.withdraw(note);
        if (reason === 'cancelled' && !mine) word.wake(1);
        resolve(reason === 'timed-out' && !mine ? 'woken' : reason);
      };
      this.#listeners.set(note, end);
      if (deadline !== NEVER) timer = setTimeout(end, remaining(deadline), 'timed-out' satisfies WakeReason);
      cancel?.set(() => {
        if (this.#listeners.get(note) === end) end('cancelled');
      });
    });
  }

  #listen(): void {
    const [readEnd, writeEnd] = createPipe();
    this.#write = writeEnd;
    // The bytes say nothing; what they mean stands in the table.
    const pipe = new Socket({ fd: readEnd, readable: true, writable: false });
    pipe.on('data', () => this.#answer()).unref();
  }

  #answer(): void {
    // An entry that is removed while a map is walked is simply not met again.
    for (const [note, end] of this.#listeners) if (this.#bells.state(note) === RUNG) end('woken');
  }
}
