import { Deque } from '../base/deque.ts';
import type { CancelledError } from '../base/errors.ts';
import { isThenable } from '../base/thenable.ts';
import { cancelledBy } from './cancelled.ts';
import { mustBeFunction, outcome } from './coroutine.ts';
import { currentScope, enter } from './current.ts';
import { checked, type Each, type Items, type MapOptions, takerOf, work } from './for-each.ts';
import { cancelScope, granted, meet, removeWaiter } from './scope.ts';
import { attach, detach, SubScope } from './sub-scope.ts';
import { fail, giveUp, refusal, type Source, type Waiter, WaiterList } from './waiter.ts';

/** What has become of one item. */
interface Slot<R> {
  isDone: boolean;
  value: R | undefined;
}

const OVER: IteratorReturnResult<undefined> = { done: true, value: undefined };

/**
 * One pass through the results of a `map`: what is running, and what lies ready, in the order of the items. No async generator: that makes promises of its
 * own for each result, and a quarter of the cost.
 */
class Pass<T, R> implements Source, AsyncIterableIterator<R, undefined, void> {
  readonly what = 'the next result of a map';
  readonly #scope = new SubScope(null, false, true);
  readonly #items: Items<T>;
  readonly #fn: Each<T, R>;
  readonly #limit: number;
  readonly #most: number;
  readonly #started = new Deque<Slot<R>>();
  readonly #consumers = new WaiterList(this.what);
  #taker: ReturnType<typeof takerOf<T>> | null = null;
  #index = 0;
  #running = 0;
  #isOver = false;
  #isTaking = false;
  #failure: { readonly error: unknown } | null = null;
  #allEnded: (() => void) | null = null;
  #end: Promise<void> | null = null;

  constructor(items: Items<T>, fn: Each<T, R>, limit: number, most: number) {
    this.#items = items;
    this.#fn = fn;
    this.#limit = limit;
    this.#most = most;
  }

  next(): Promise<IteratorResult<R, undefined>> {
    if (this.#end !== null) return Promise.resolve(OVER);
    const scope = currentScope();
    const error = refusal(scope);
    if (error !== null) return this.#leave().then(() => Promise.reject(error));
    if (this.#taker === null) {
      try {
        this.#taker = takerOf(this.#items);
      } catch (refused) {
        return Promise.reject(refused as Error);
      }
      attach(this.#scope);
    }
    if (this.#hasRoom()) enter(this.#scope, fillFor, this as Pass<unknown, unknown>, null);
    const first = this.#consumers.size === 0 && this.#failure === null ? this.#started.peek() : undefined;
    if (first?.isDone === true) {
      void this.#started.shift();
      granted(scope);
      return Promise.resolve({ done: false, value: first.value as R });
    }
    const waiter = this.#consumers.park(scope);
    waiter.source = this;
    this.#tell();
    return waiter.promise as Promise<IteratorResult<R, undefined>>;
  }

  async return(): Promise<IteratorResult<R, undefined>> {
    await this.#leave();
    return OVER;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#leave();
  }

  /** Hands out what is there to those who wait. */
  #tell(): void {
    while (this.#end === null && this.#consumers.size > 0 && this.#isNextThere()) {
      const failure = this.#failure;
      const slot = failure === null ? this.#started.shift() : undefined;
      if (slot !== undefined) this.#consumers.wakeFirst({ done: false, value: slot.value });
      else if (failure !== null) this.#leaveBy(this.#consumers.head!, failure.error, fail);
      else void this.#leave();
    }
  }

  /** The error comes out when all that runs has ended. */
  #leaveBy(waiter: Waiter, error: unknown, end: typeof fail): void {
    this.#consumers.remove(waiter);
    removeWaiter(waiter);
    void this.#leave().then(() => end(waiter, error));
  }

  interrupt(waiter: Waiter, error: CancelledError): void {
    meet(waiter.scope, error);
    this.#leaveBy(waiter, error, giveUp);
  }

  #hasRoom(): boolean {
    return !this.#isOver && !this.#isTaking && this.#running < this.#limit && this.#started.length < this.#most;
  }

  #isNextThere(): boolean {
    return this.#started.peek()?.isDone ?? !this.#isTaking;
  }

  /** Starts what there is room for. Called in the scope of the items. */
  fill(): void {
    while (this.#hasRoom()) {
      this.#isTaking = true;
      try {
        const taken = this.#taker!.next();
        if (isThenable(taken)) return void this.#takeLater(taken);
        this.#start(taken);
      } catch (error) {
        this.#fail(error);
      }
      this.#isTaking = false;
    }
    this.#tell();
  }

  async #takeLater(taken: PromiseLike<IteratorResult<T>>): Promise<void> {
    try {
      this.#start(await taken);
    } catch (error) {
      this.#fail(error);
    }
    this.#isTaking = false;
    this.fill();
  }

  #start({ done, value }: IteratorResult<T>): void {
    if (done === true) this.#isOver = true;
    if (!this.#isOver) void this.#run(value as T, this.#index++);
  }

  async #run(item: T, index: number): Promise<void> {
    const slot: Slot<R> = { isDone: false, value: undefined };
    this.#started.push(slot);
    this.#running++;
    try {
      slot.value = await outcome(this.#fn(item, index));
    } catch (error) {
      this.#fail(error);
    }
    slot.isDone = true;
    if (--this.#running === 0) this.#allEnded?.();
    this.fill();
  }

  #fail(error: unknown): void {
    this.#failure ??= { error };
    this.#stop('another item has failed');
  }

  #stop(reason: string): void {
    if (this.#scope.fatal !== null) return;
    this.#isOver = true;
    this.#taker?.close();
    cancelScope(this.#scope, (this.#scope.fatal = cancelledBy(reason)));
  }

  /** Cancels what is running, and waits for its end. */
  #leave(): Promise<void> {
    return (this.#end ??= this.#endAll());
  }

  async #endAll(): Promise<void> {
    this.#stop('the results of a map are not wanted any more');
    if (this.#running > 0) await new Promise<void>((resolve) => (this.#allEnded = resolve));
    this.#scope.kept = null;
    detach(this.#scope);
    this.#consumers.wakeAll(OVER);
  }
}

const fillFor = (pass: Pass<unknown, unknown>): void => pass.fill();

/** The results of a `map`, in the order of the items: taken one by one, or all. */
export class MapResults<T, R> implements AsyncIterable<R> {
  readonly #items: Items<T>;
  readonly #fn: Each<T, R>;
  readonly #limit: number;
  readonly #bufferSize: number;

  /** @internal */
  constructor(items: Items<T>, fn: Each<T, R>, options: MapOptions) {
    const { limit, bufferSize } = checked(options);
    this.#items = items;
    this.#fn = fn;
    this.#limit = limit;
    this.#bufferSize = bufferSize;
  }

  /** All results in an array. */
  async toArray(): Promise<R[]> {
    const results: R[] = [];
    await work(this.#items, this.#fn, this.#limit, results);
    return results;
  }

  /** Each result as soon as it and all before it are there. No more than `limit` run, and no more than `bufferSize` lie ready beside them. */
  [Symbol.asyncIterator](): AsyncIterableIterator<R, undefined, void> {
    return new Pass(this.#items, this.#fn, this.#limit, this.#limit + this.#bufferSize);
  }
}

/**
 * Calls `fn` for every item, `limit` at a time, and gives the results in order, as they are asked for: the items may be endless.
 *
 *     for await (const page of map(urls, fetchPage, { limit: 10 })) …
 *     const pages = await map(urls, fetchPage, { limit: 10 }).toArray();
 *
 * The first error, and leaving the loop, cancel what is running, and wait for its end.
 */
export function map<T, R>(items: Items<T>, fn: Each<T, R>, options: MapOptions = {}): MapResults<T, R> {
  mustBeFunction(fn, 'map', 'map(items, (item) => …)');
  return new MapResults(items, fn, options);
}
