import { asked, deadlineAfter, type Wait } from '../../base/deadline.ts';
import { deferred } from '../../base/deferred.ts';
import { StateError, TimeoutError } from '../../base/errors.ts';
import { within } from '../../base/within.ts';
import type { Workforce } from './workforce.ts';
import type { Outcome } from '../../futures/process-pool/job.ts';
import { writeAll } from '../../host/thread/output.ts';
import { inspect } from 'node:util';

/** Called in this process when a result of a pool is there. */
export interface Callbacks<T> {
  /** Called with the result; it should not take long. */
  readonly callback?: ((result: T) => void) | undefined;
  /** Called with the error instead, when there is one. */
  readonly errorCallback?: ((error: unknown) => void) | undefined;
}

/** The result of work that a pool does meanwhile: Python's `multiprocessing.pool.AsyncResult`. */
export class AsyncResult<T> {
  readonly #crew: Workforce;
  readonly #callbacks: Callbacks<T>;
  readonly #done = deferred<void>();
  #outcome: Outcome | null = null;

  /** @internal `start` is given the way to say how the work has ended. */
  constructor(crew: Workforce, callbacks: Callbacks<T>, start: (settle: (outcome: Outcome) => void) => void) {
    this.#crew = crew;
    this.#callbacks = callbacks;
    start((outcome) => {
      this.#outcome = outcome;
      this.#done.resolve();
      tell(outcome, this.#callbacks as Callbacks<unknown>);
    });
  }

  /** Whether the work has ended. */
  get ready(): boolean {
    if (this.#outcome === null) this.#crew.drain();
    return this.#outcome !== null;
  }

  /** Whether it has ended without an error. Throws `StateError` while it has not ended. */
  get successful(): boolean {
    if (!this.ready) throw new StateError('ERR_NOT_READY', 'cannot tell whether the work succeeded: it has not ended');
    return this.#outcome!.ok;
  }

  /** The result. Rejects with the work's error, and with `TimeoutError` when time was up: the work goes on then. */
  async get(options?: Wait): Promise<T> {
    const wait = asked(options);
    if (!(await this.wait(wait))) throw late(wait);
    return this.#value();
  }

  /** The blocking twin of `get`. */
  getSync(options?: Wait): T {
    const wait = asked(options);
    if (!this.waitSync(wait)) throw late(wait);
    return this.#value();
  }

  /** Waits until the work has ended; false when time was up. */
  async wait(wait?: Wait): Promise<boolean> {
    return this.ready || (await within(this.#done.promise, wait)).inTime;
  }

  /** The blocking twin of `wait`. */
  waitSync(wait?: Wait): boolean {
    const { timeout, signal } = asked(wait);
    signal?.throwIfAborted();
    return this.#crew.waitSync(() => this.#outcome !== null, deadlineAfter(timeout));
  }

  #value(): T {
    const outcome = this.#outcome!;
    if (!outcome.ok) throw outcome.error;
    return outcome.value as T;
  }
}

function late({ timeout }: Wait): TimeoutError {
  return new TimeoutError(`the result did not come within ${timeout} ms; the work goes on`);
}

/** Exactly one of the two is called. What it throws is reported, and goes no further. */
function tell(outcome: Outcome, { callback, errorCallback }: Callbacks<unknown>): void {
  try {
    if (outcome.ok) callback?.(outcome.value);
    else errorCallback?.(outcome.error);
  } catch (error) {
    writeAll(2, Buffer.from(`a callback of a pool failed: ${inspect(error)}\n`));
  }
}
