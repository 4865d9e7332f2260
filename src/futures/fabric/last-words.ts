import { inspect } from 'node:util';
import { writeAll } from '../../host/thread/output.ts';
import { post } from '../../message/index.ts';
import { addToTail } from '../text-tail.ts';
import { DONE_RING, type Fabric, FAILURE, LAST_WORD, STDERR_LENGTH, stderrTail } from './layout.ts';

/** What a worker leaves for the pool's owner, to say why it has ended. */
export class LastWords {
  readonly #fabric: Fabric;
  readonly #area: number;

  constructor(fabric: Fabric, area: number) {
    this.#fabric = fabric;
    this.#area = area;
  }

  /** Before it ends because of an error in a callback. */
  leave(error: unknown): void {
    try {
      Atomics.store(this.#fabric.i32, this.#area + LAST_WORD, post(error).offset / 16);
    } catch {
      // It can't be sent: the owner knows how the worker ended, and people see why.
      writeAll(2, Buffer.from(`${inspect(error)}\n`));
    }
  }

  /** What it writes to stderr, of which the end is kept. */
  remember(bytes: Uint8Array): void {
    const { i32 } = this.#fabric;
    const length = this.#area + STDERR_LENGTH;
    Atomics.store(i32, length, addToTail(stderrTail((i32[this.#area + DONE_RING]! >>> 0) * 16), i32[length]!, bytes));
  }

  /** Its initializer has failed. */
  failToBegin(error: unknown): void {
    let message: number;
    try {
      message = post(error).offset;
    } catch (unsendable) {
      message = post(unsendable).offset;
    }
    Atomics.store(this.#fabric.i32, this.#area + FAILURE, message / 16);
  }
}
