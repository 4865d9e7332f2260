import { outsideScopes } from '../../base/ambient.ts';
import { type Deadline, remaining } from '../../base/deadline.ts';
import { goRound } from '../../sync/patrol.ts';
import { BELL, type Fabric } from './layout.ts';

const LOOK_MS = 50;

export interface Drain {
  /** Whether workers have given something back. */
  readonly hasResults: boolean;
  /** Takes it; nothing when that is being done already. */
  drain(): void;
  /** Looks whether more threads are needed for the tasks of others, who ring as well. */
  lookForMail(): void;
  /** When a timer of the pool would ring that somebody waits for. */
  readonly due: Deadline;
}

/** How a pool's owner hears of results: in its event loop, or while it is blocked. It keeps nothing alive. */
export class Listener {
  readonly #fabric: Fabric;
  readonly #drain: Drain;
  #isListening = false;
  /** The pool's memory is about to be somebody else's. */
  #isOver = false;

  constructor(fabric: Fabric, drain: Drain) {
    this.#fabric = fabric;
    this.#drain = drain;
  }

  listen(): void {
    const { i32, base } = this.#fabric;
    // Also when nothing is outstanding: threads leave when they have nothing to do.
    while (!this.#isOver) {
      Atomics.store(i32, base + BELL, 1);
      if (this.#drain.hasResults) {
        this.#drain.drain();
        continue;
      }
      this.#drain.lookForMail();
      // A waiter that nobody has woken yet still listens.
      if (this.#isListening) return;
      const { async, value } = Atomics.waitAsync(i32, base + BELL, 1);
      if (!async) continue;
      this.#isListening = true;
      // Not in the task that happens to hand something over now: it may be cancelled.
      void outsideScopes(() => value.then(this.#heard));
    }
  }

  readonly #heard = (): void => {
    this.#isListening = false;
    if (this.#isOver) return;
    this.#drain.drain();
    this.listen();
  };

  /** Blocks until `isDone`, or until the deadline. */
  waitSync(isDone: () => boolean, deadline: Deadline): void {
    const { i32, base } = this.#fabric;
    const bell = base + BELL;
    for (;;) {
      this.#drain.drain();
      if (isDone() || remaining(deadline) === 0) break;
      Atomics.store(i32, bell, 2);
      if (this.#drain.hasResults) continue;
      const left = Math.min(LOOK_MS, remaining(deadline), remaining(this.#drain.due));
      // The event loop stands still: what it would tell is looked after here, also for all else that this thread is asked for.
      if (Atomics.wait(i32, bell, 2, left) === 'timed-out') goRound();
    }
    this.listen();
  }

  end(): void {
    this.#isOver = true;
    const { i32, base } = this.#fabric;
    // Nobody may sleep on memory that will be somebody else's.
    Atomics.store(i32, base + BELL, 0);
    Atomics.notify(i32, base + BELL);
  }
}
