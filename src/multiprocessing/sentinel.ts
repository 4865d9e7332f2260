import type { Child, Exit } from '../host/process/child.ts';
import { peekChildExit } from '../system/child-exit.ts';

/** Something that `connectionWait` can wait for: ready when its process has ended. */
export class Sentinel {
  readonly #child: Child;

  constructor(child: Child) {
    this.#child = child;
  }

  /** Resolves when the process has ended. */
  get ended(): Promise<Exit> {
    return this.#child.ended;
  }

  /** Keeps this thread's event loop alive, until what it gives is called. */
  hold(): () => void {
    return this.#child.hold();
  }

  /** Asks the system: also right while this thread's event loop stands still. */
  get hasEnded(): boolean {
    return this.#child.exit !== undefined || peekChildExit(this.#child.pid) !== null;
  }
}
