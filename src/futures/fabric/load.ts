import { holdLoop, releaseLoop } from '../../word/keep-alive.ts';

export interface LoadListener {
  becomeBusy(): void;
  becomeIdle(): void;
}

/** How much a pool has to do. As long as that is something, the process stays alive. */
export class Load {
  readonly #listener: LoadListener;
  /** Tasks whose futures are not done. */
  outstanding = 0;
  #holdsLoop = false;
  readonly #idle: (() => void)[] = [];
  readonly #room: (() => void)[] = [];

  constructor(listener: LoadListener) {
    this.#listener = listener;
  }

  /** To be called when a task has come. */
  becomeBusy(): void {
    if (this.#holdsLoop) return;
    holdLoop();
    this.#holdsLoop = true;
    this.#listener.becomeBusy();
  }

  /** To be called when a task may have been the last one. */
  becomeIdle(): void {
    if (this.outstanding > 0 || !this.#holdsLoop) return;
    releaseLoop();
    this.#holdsLoop = false;
    this.#listener.becomeIdle();
    for (const tell of this.#idle.splice(0)) tell();
  }

  /** To be called when a task has ended. */
  makeRoom(): void {
    if (this.#room.length > 0) for (const tell of this.#room.splice(0)) tell();
  }

  /** Resolves when nothing is outstanding. */
  async whenIdle(): Promise<void> {
    if (this.outstanding > 0) await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  /** Resolves when a task has ended. */
  whenRoom(): Promise<void> {
    return new Promise((resolve) => this.#room.push(resolve));
  }
}
