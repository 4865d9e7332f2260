import { checkNames } from './other-names.ts';
import { mustBeSeveral } from './several.ts';
import type { Wait as Limits } from '../base/deadline.ts';
import { OutOfRangeError, type CancelledError } from '../base/errors.ts';
import type { Awaitable } from './coroutine.ts';
import { currentScope } from './current.ts';
import { ensureFuture } from './ensure-future.ts';
import { FAILED, Future, type Observer, PENDING } from './future.ts';
import { limit } from './limit.ts';
import type { Scope } from './scope.ts';
import { giveUp, park, refusal, type Source, wake, type Waiter } from './waiter.ts';

/** `wait` returns as soon as one is done. */
export const FIRST_COMPLETED = 'FIRST_COMPLETED';
/** `wait` returns as soon as one has failed, or all are done. */
export const FIRST_EXCEPTION = 'FIRST_EXCEPTION';
/** `wait` returns when all are done. */
export const ALL_COMPLETED = 'ALL_COMPLETED';
/** What `wait` waits for. */
export type ReturnWhen = typeof FIRST_COMPLETED | typeof FIRST_EXCEPTION | typeof ALL_COMPLETED;

/** What `wait` waits for, and how long. */
export interface WaitOptions extends Limits {
  /** `ALL_COMPLETED` when left out. */
  readonly returnWhen?: ReturnWhen | undefined;
}

/** What `wait` gives: those that are done, and the others. */
export interface DoneAndPending<F> {
  /** Those that have a result or an error, or were cancelled. */
  readonly done: Set<F>;
  /** Those that had not ended when the wait was over. They go on: nothing is cancelled. */
  readonly pending: Set<F>;
}

/** One call of `wait`: woken by the futures that it waits for. */
class WaitForSome implements Observer, Source {
  readonly what = 'wait';
  readonly #futures: readonly Future[];
  readonly #endsAt: ReturnWhen;
  #left = 0;
  #waiter: Waiter | null = null;

  constructor(futures: readonly Future[], endsAt: ReturnWhen) {
    this.#futures = futures;
    this.#endsAt = endsAt;
  }

  get waits(): Scope | null {
    return this.#waiter?.scope ?? null;
  }

  /** Whether there is nothing to wait for. */
  isOver(): boolean {
    this.#left = 0;
    for (const future of this.#futures) {
      if (future.state === PENDING) this.#left++;
      else if (this.#isEnough(future)) return true;
    }
    return this.#left === 0;
  }

  #isEnough(future: Future): boolean {
    return this.#endsAt === FIRST_COMPLETED || (this.#endsAt === FIRST_EXCEPTION && future.state === FAILED);
  }

  begin(limits: Limits): Promise<unknown> {
    const waiter = (this.#waiter = park(this, currentScope()));
    for (const future of this.#futures) if (future.state === PENDING) future.observe(this);
    limit(waiter, limits, () => wake(waiter, undefined));
    return waiter.promise!;
  }

  settled(future: Future): boolean {
    this.#left--;
    const waiter = this.#waiter!;
    if (!waiter.isOver && (this.#left <= 0 || this.#isEnough(future))) wake(waiter, undefined);
    return false;
  }

  interrupt(waiter: Waiter, error: CancelledError): void {
    giveUp(waiter, error);
  }

  end(): void {
    for (const future of this.#futures) if (future.state === PENDING) future.ignore(this);
  }
}

const isPending = (future: Future): boolean => future.state === PENDING;

/**
 * Waits until all are done, or the first, or the first has failed; or until time is up, which cancels nothing. Throws no error of
 * theirs. Cancelling who waits cancels none of them.
 */
export async function wait<F extends Future>(futures: Iterable<F>, options?: WaitOptions): Promise<DoneAndPending<F>>;
export async function wait<T>(awaitables: Iterable<Awaitable<T>>, options?: WaitOptions): Promise<DoneAndPending<Future<T>>>;
export async function wait(awaitables: Iterable<Awaitable<unknown>>, options: WaitOptions = {}): Promise<DoneAndPending<Future>> {
  checkNames(options, 'wait', '{ timeout: 300 }');
  const { returnWhen = ALL_COMPLETED, ...limits } = options;
  if (returnWhen !== ALL_COMPLETED && returnWhen !== FIRST_COMPLETED && returnWhen !== FIRST_EXCEPTION)
    throw new OutOfRangeError(
      'ERR_RETURN_WHEN',
      `returnWhen must be FIRST_COMPLETED, FIRST_EXCEPTION or ALL_COMPLETED: got ${String(returnWhen)}`,
    );
  mustBeSeveral(awaitables, 'wait');
  const futures = [...new Set(awaitables)].map(ensureFuture);
  if (futures.length === 0)
    throw new OutOfRangeError('ERR_NOTHING_TO_WAIT_FOR', 'wait needs at least one task, future or function: got none');
  const call = new WaitForSome(futures, returnWhen);
  if (!call.isOver()) {
    const error = refusal(currentScope());
    if (error !== null) throw error;
    try {
      await call.begin(limits);
    } finally {
      call.end();
    }
  }
  const pending = futures.filter(isPending);
  return { done: new Set(pending.length === 0 ? futures : futures.filter((future) => !isPending(future))), pending: new Set(pending) };
}
