import { type Deadline, NEVER, remaining } from '../base/deadline.ts';
import { makePipe } from '../system/pipes.ts';
import { type Bells, RUNG } from './bell.ts';
import { holdLoop, releaseLoop } from './keep-alive.ts';
import type { Cancel, FutexWord, WakeReason } from './word.ts';

/** How soon who can't be told looks again. */
const LOOK_MS = 5;

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
    const note = this.#isListening() ? this.#bells.announce(index, process.pid, this.#write) : -1;
    if (note < 0) return lookAgain(deadline, cancel);
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

  /** False where there is no descriptor left for a pipe; asked anew by the next sleeper. */
  #isListening(): boolean {
    if (this.#write >= 0) return true;
    const pipe = makePipe();
    if (typeof pipe === 'number') return false;
    const [readEnd, writeEnd] = pipe;
    this.#write = writeEnd;
    // The bytes say nothing; what they mean stands in the table.
    // Node's sockets are loaded for the first sleeper only: most threads and programs have none.
    const { Socket } = process.getBuiltinModule('node:net') as typeof import('node:net');
    const bell = new Socket({ fd: readEnd, readable: true, writable: false });
    bell.on('data', () => this.#answer()).unref();
    return true;
  }

  #answer(): void {
    // An entry that is removed while a map is walked is simply not met again.
    for (const [note, end] of this.#listeners) if (this.#bells.state(note) === RUNG) end('woken');
  }
}

/** The sleep of one whom nobody can ring, for want of a descriptor or of room for a note: short, then it looks itself, as after a spurious wake. */
function lookAgain(deadline: Deadline, cancel?: Cancel): Promise<WakeReason> {
  const left = remaining(deadline);
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, Math.min(LOOK_MS, left), (left > LOOK_MS ? 'woken' : 'timed-out') satisfies WakeReason);
    cancel?.set(() => {
      clearTimeout(timer);
      resolve('cancelled');
    });
  });
}
