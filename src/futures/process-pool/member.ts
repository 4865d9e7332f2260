import { checkBeginning, Child } from '../../host/process/child.ts';
import { type ExitCode, exitCodeOf } from '../../host/process/exit.ts';
import { FRAME } from '../../host/process/frame.ts';
import { setupFor } from '../../host/process/identity.ts';
import { takeChild } from '../../host/process/spares.ts';
import { chosenStartMethod, type StartMethod } from '../../host/process/start-method.ts';
import { decode, dropBytes, encode } from '../../message/index.ts';
import { peekChildExit } from '../../system/child-exit.ts';
import { poolWorker, type WorkerStart } from './worker-main.ts';

const GRACE_MS = 500;

export interface MemberSetup {
  readonly name: string;
  readonly lineage: string;
  readonly daemon: boolean;
  readonly startMethod: StartMethod | undefined;
}

/** One worker process of a pool, from the owner's side. */
export class Member {
  readonly name: string;
  readonly index: number;
  /** Why it could not begin, if it said so. */
  failure: unknown;
  /** Whether the owner has dealt with its end. */
  isBuried = false;
  /** Whether the owner has ended it, for the sake of a task. */
  isKilled = false;
  readonly #child: Child;
  #hasBegun = false;

  /** Starts the process. Throws `StateError` when the system refuses, `SendError` for an initializer that can't travel. */
  constructor(setup: MemberSetup, start: WorkerStart) {
    this.name = setup.name;
    this.index = start.worker;
    checkBeginning();
    // It begins while what it is told is written.
    this.#child = takeChild(setup.startMethod ?? chosenStartMethod());
    let message: Uint8Array;
    try {
      const who = Uint8Array.from(encode(setupFor(setup), { where: 'process' }).bytes);
      message = Uint8Array.from(encode([poolWorker, [start]], { where: 'process' }).bytes);
      this.#child.start(who, message);
    } catch (error) {
      this.#child.dismiss();
      throw error;
    }
    this.#child.onFrame = (kind, body) => {
      if (kind === FRAME.begun || kind === FRAME.failed) this.#hasBegun = true;
      if (kind === FRAME.failed) this.failure = decode(body);
    };
    void this.#child.silent.then(() => {
      if (!this.#hasBegun) dropBytes(message);
    });
    // A pool that has nothing to do lets its program end.
    this.#child.unref();
  }

  get pid(): number {
    return this.#child.pid;
  }

  /** Resolves when it has ended and all that it said has been heard. */
  get ended(): Promise<ExitCode> {
    return this.#child.silent.then(() => exitCodeOf(this.#child.exit!));
  }

  /** How it has ended, asked of the system: also right while the event loop stands still. `null` while it runs. */
  peek(): ExitCode | null {
    const exit = this.#child.exit ?? peekChildExit(this.#child.pid);
    return exit === null ? null : exitCodeOf(exit);
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Asks it to end, and ends it if it does not. */
  terminate(): void {
    this.#child.kill('SIGTERM');
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), GRACE_MS).unref();
    void this.#child.ended.then(() => clearTimeout(timer));
  }

  /** Keeps this process's event loop alive until it has ended, and all that it said has been heard. */
  ref(): void {
    this.#child.ref();
  }
}
