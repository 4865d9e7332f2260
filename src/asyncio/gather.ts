import type { CancelledError } from '../base/errors.ts';
import { cancelledBy } from './cancelled.ts';
import { type Awaitable, isGenerator, type ResultOf } from './coroutine.ts';
import { ensureFuture } from './ensure-future.ts';
import { CANCELLED, DONE, FAILED, Future, type Observer, PENDING } from './future.ts';
import { checkNames } from './other-names.ts';

/** Whether errors end a `gather`, or count as results. */
export interface GatherOptions {
  /** Puts errors into the results, `CancelledError` too, instead of ending at the first. */
  readonly returnExceptions?: boolean | undefined;
}

type Results<A extends readonly Awaitable<unknown>[]> = { -readonly [K in keyof A]: ResultOf<A[K]> };
type Settled<A extends readonly Awaitable<unknown>[]> = { -readonly [K in keyof A]: ResultOf<A[K]> | Error };

/** Tells all its children to end when it is cancelled. */
class Gathering extends Future<unknown[]> implements Observer {
  override get what(): string {
    return 'a gather';
  }
  readonly children: readonly Future[];
  readonly #returnExceptions: boolean;
  #left: number;
  #cancelled: CancelledError | null = null;

  constructor(children: readonly Future[], returnExceptions: boolean) {
    super();
    this.children = children;
    this.#returnExceptions = returnExceptions;
    this.#left = children.length;
    for (const child of children) {
      if (child.state === PENDING) child.observe(this);
      else this.settled(child);
    }
    if (children.length === 0) this.settle(DONE, []);
  }

  get waits(): Future {
    return this;
  }

  settled(child: Future): boolean {
    if (this.state !== PENDING) return true;
    this.#left--;
    // Reading the outcome tells that somebody has looked at it.
    const error: unknown = child.state === CANCELLED ? child.outcome : child.exception();
    if (error !== null && !this.#returnExceptions) this.settle(this.#cancelled === null ? FAILED : CANCELLED, error);
    else if (this.#left === 0) {
      if (this.#cancelled === null) this.settle(DONE, this.children.map(outcomeOf));
      else this.settle(CANCELLED, this.#cancelled);
    }
    return true;
  }

  /** Cancels every child that has not ended; false when all have. It ends when they do. */
  override cancel(reason?: unknown): boolean {
    if (this.state !== PENDING) return false;
    const error = cancelledBy(reason);
    let isAny = false;
    for (const child of this.children) isAny = child.cancel(error) || isAny;
    if (isAny) this.#cancelled = error;
    return isAny;
  }
}

const outcomeOf = (child: Future): unknown => child.outcome;

/**
 * Runs all at once, and gives their results in the order of the arguments. The first error ends it; the others go on. Cancelling it
 * cancels them all.
 *
 *     await gather(() => fetchPage(1), () => fetchPage(2));
 *     await gather([...], { returnExceptions: true });
 */
export function gather<const A extends readonly Awaitable<unknown>[]>(
  awaitables: A,
  options: { readonly returnExceptions: true },
): Future<Settled<A>>;
export function gather<const A extends readonly Awaitable<unknown>[]>(awaitables: A, options?: GatherOptions): Future<Results<A>>;
export function gather<T>(awaitables: Iterable<Awaitable<T>>, options?: GatherOptions): Future<T[]>;
export function gather<const A extends readonly Awaitable<unknown>[]>(...awaitables: A): Future<Results<A>>;
export function gather(...given: readonly unknown[]): Future {
  const [first, second] = given;
  const isOneIterable = given.length > 0 && given.length <= 2 && isIterable(first) && (second === undefined || isOptions(second));
  const awaitables = isOneIterable ? (first as Iterable<Awaitable<unknown>>) : (given as readonly Awaitable<unknown>[]);
  if (!isOneIterable && given.length > 1 && isOptions(given.at(-1)) && !isGenerator(given.at(-1)))
    throw new TypeError('gather takes its options after a list: gather([a, b], { returnExceptions: true })');
  if (isOneIterable && second !== undefined) checkNames(second as object, 'gather', '{ returnExceptions: true }');
  const { returnExceptions = false } = (isOneIterable ? (second as GatherOptions | undefined) : undefined) ?? {};
  return new Gathering(Array.from(awaitables, ensureFuture), returnExceptions);
}

/** A future is iterable too, for generator coroutines. */
const isIterable = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && Symbol.iterator in value && !(value instanceof Future) && !('next' in value);
const isOptions = (value: unknown): boolean => typeof value === 'object' && value !== null && !('then' in value);
