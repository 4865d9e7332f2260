import { checkOptions } from '../base/check-options.ts';
import { type CancelledError, StateError } from '../base/errors.ts';
import type { Awaitable, ResultOf } from './coroutine.ts';
import { currentScope } from './current.ts';
import { ensureFuture } from './ensure-future.ts';
import { DONE, type Future, type Observer, PENDING } from './future.ts';
import { keepAfterGrant, outermostCancelled, type Scope, unmeet } from './scope.ts';
import { cutOff, fail, park, refusal, type Source, wake, type Waiter } from './waiter.ts';

/** Which one came first, and with what. */
export type Selected<A> = { [K in keyof A]: { readonly key: K; readonly value: ResultOf<A[K]> } }[keyof A];

/** What becomes of results that came too late. */
export interface SelectOptions {
  /** Is given what another one had got all the same, before its cancellation came: the item of a queue, say. Otherwise that is dropped. */
  readonly leftover?: ((value: unknown, key: string) => void) | undefined;
}

/** One call of `select`: from the first that is done on, the others are being cancelled. */
class Selection implements Observer, Source {
  readonly what = 'select';
  readonly #cases: readonly (readonly [string, Future])[];
  #first: Future | null = null;
  #waiter: Waiter | null = null;
  #left = 0;
  /** Whose cancellation has come. */
  origin: Scope | null = null;

  constructor(cases: readonly (readonly [string, Future])[]) {
    this.#cases = cases;
    for (const [, future] of cases) {
      if (future.state !== PENDING) this.#first ??= future;
      else {
        this.#left++;
        future.observe(this);
      }
    }
    if (this.#first !== null) this.cancel('another case of a select came first');
  }

  get waits(): Scope | null {
    return this.#waiter?.scope ?? null;
  }

  get first(): readonly [string, Future] | undefined {
    return this.#cases.find(([, future]) => future === this.#first);
  }

  settled(future: Future): boolean {
    this.#left--;
    if (this.#first === null) {
      // The losers are cancelled in this very moment: what they wait for is not granted to them any more.
      this.#first = future;
      this.cancel('another case of a select came first');
    }
    if (this.#left === 0 && this.#waiter !== null && !this.#waiter.isOver) wake(this.#waiter, undefined);
    return true;
  }

  cancel(reason: unknown): void {
    for (const [, future] of this.#cases) if (future !== this.#first) future.cancel(reason);
  }

  /** Waits until all have ended. Gives the cancellation that came in between. */
  async allEnded(): Promise<CancelledError | null> {
    let cancelled: CancelledError | null = null;
    while (this.#left > 0) {
      const scope = currentScope();
      const error = refusal(scope);
      this.#waiter = park(this, scope);
      if (error !== null) {
        if (scope !== undefined) unmeet(scope);
        fail(this.#waiter, error);
      }
      try {
        await this.#waiter.promise;
      } catch (cut) {
        cancelled ??= cut as CancelledError;
        this.cancel(cut);
        // What goes on all the same is waited for; no further cancellation changes that.
        if (this.#left > 0) await (this.#waiter = park(this, undefined)).promise;
      }
    }
    return cancelled;
  }

  interrupt(waiter: Waiter, error: CancelledError, origin: Scope): void {
    this.origin ??= origin;
    // It does not end the task's wait: that goes on until all cases have ended.
    fail(waiter, error);
  }
}

/**
 * Waits for the first of several, named by their keys, and cancels the others, which have ended when it returns. Throws what the first one
 * throws.
 *
 *     const first = await select({ job: () => queue.get(), stop: () => stopped.wait() });
 *     if (first.key === 'job') work(first.value);
 */
export async function select<const A extends Readonly<Record<string, Awaitable<unknown>>>>(
  cases: A,
  options: SelectOptions = {},
): Promise<Selected<A>> {
  checkOptions(cases, 'select', '{ item: () => queue.get() }');
  checkOptions(options, 'select', '{ leftover }');
  const { leftover } = options;
  const scope = currentScope();
  const error = refusal(scope);
  if (error !== null) return cutOff(error);
  const futures = Object.entries(cases).map(([key, awaitable]): [string, Future] => [key, ensureFuture(awaitable)]);
  if (futures.length === 0) throw new StateError('ERR_NOTHING_TO_WAIT_FOR', 'select needs at least one case: got none');
  const selection = new Selection(futures);
  const cancelled = await selection.allEnded();
  const first = selection.first!;
  const isCancelled = cancelled !== null && first[1].state !== DONE;
  for (const [key, future] of futures) if (future !== first[1] && future.state === DONE) leftover?.(future.outcome, key);
  if (isCancelled) throw cancelled;
  // What came stays: the cancellation ends the next wait.
  if (cancelled !== null && scope !== undefined) keepAfterGrant(scope, cancelled, selection.origin ?? outermostCancelled(scope));
  return { key: first[0], value: first[1].result() } as Selected<A>;
}
