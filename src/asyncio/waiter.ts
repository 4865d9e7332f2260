import type { CancelledError } from '../base/errors.ts';
import { capture, monitor } from './debug-state.ts';
import type { Future, Observer } from './future.ts';
import { addWaiter, granted, meet, removeWaiter, type Scope, takeCancellation } from './scope.ts';

/** What is waited for. */
export interface Source {
  /** A cancellation, of the scope `origin`, has reached the wait: ends it, by `giveUp`, or sees to it that it will end. */
  interrupt(waiter: Waiter, error: CancelledError, origin: Scope): void;
  /** For reports. */
  readonly what: string;
}

/** One wait, from its beginning until it is granted or cut off. */
export class Waiter implements Observer {
  source: Source;
  scope: Scope | null = null;
  resolve: (value: never) => void;
  reject: (error: unknown) => void;
  /** `null` when it is `await` itself that waits: it asked a future, by `then`. */
  promise: Promise<unknown> | null;
  isOver = false;
  /** What it came with, or is to leave with. */
  value: unknown = undefined;
  list: WaiterList | null = null;
  previous: Waiter | null = null;
  next: Waiter | null = null;
  /** Where it waits; in debug mode only. */
  trace: { readonly stack?: string } | null = null;

  constructor(source: Source, promise: Promise<unknown> | null, resolve: (value: never) => void, reject: (error: unknown) => void) {
    this.source = source;
    this.promise = promise;
    this.resolve = resolve;
    this.reject = reject;
  }

  settled(future: Future): boolean {
    if (this.isOver) return false;
    future.tell(this);
    return true;
  }

  get waits(): Scope | null {
    return this.scope;
  }
}

let resolveNext: (value: never) => void;
let rejectNext: (error: unknown) => void;
const keepEnds = (resolve: (value: never) => void, reject: (error: unknown) => void): void => {
  resolveNext = resolve;
  rejectNext = reject;
};

/** Begins a wait. Who parks has asked `refusal` first. */
export function park(source: Source, scope: Scope | undefined): Waiter {
  const promise = new Promise<unknown>(keepEnds);
  const waiter = new Waiter(source, promise, resolveNext, rejectNext);
  if (scope !== undefined) enlist(scope, waiter);
  return waiter;
}

export function enlist(scope: Scope, waiter: Waiter): void {
  addWaiter(scope, waiter);
  if (monitor.current !== null) waiter.trace = capture(enlist);
}

/** The wait is granted. */
export function wake(waiter: Waiter, value: unknown): void {
  granted(waiter.scope);
  removeWaiter(waiter);
  waiter.isOver = true;
  waiter.resolve(value as never);
}

/** The wait ends with an error. */
export function fail(waiter: Waiter, error: unknown): void {
  removeWaiter(waiter);
  waiter.isOver = true;
  waiter.reject(error);
}

const ignore = (): void => {};

/** The wait is cut off: by nobody's fault, so that it is no unhandled rejection if nobody awaits it. */
export function giveUp(waiter: Waiter, error: unknown): void {
  meet(waiter.scope, error);
  fail(waiter, error);
  waiter.promise?.then(undefined, ignore);
}

/** A promise that is rejected by a cancellation. */
export function cutOff(error: unknown): Promise<never> {
  // oxlint-disable promise/no-promise-in-callback
  const promise = Promise.reject(error as Error);
  promise.then(undefined, ignore);
  return promise;
  // oxlint-enable promise/no-promise-in-callback
}

/** The cancellation that ends a wait before it begins; `null` when it may begin. */
export function refusal(scope: Scope | undefined): CancelledError | null {
  return scope === undefined ? null : takeCancellation(scope);
}

/** Those who wait for the same, first come, first served. Whoever is cut off leaves at once, in O(1). */
export class WaiterList implements Source {
  readonly what: string;
  head: Waiter | null = null;
  tail: Waiter | null = null;
  size = 0;

  constructor(what: string) {
    this.what = what;
  }

  /** Begins a wait at the end of the list. */
  park(scope: Scope | undefined): Waiter {
    const waiter = park(this, scope);
    waiter.list = this;
    waiter.previous = this.tail;
    if (this.tail === null) this.head = waiter;
    else this.tail.next = waiter;
    this.tail = waiter;
    this.size++;
    return waiter;
  }

  shift(): Waiter | null {
    const first = this.head;
    if (first !== null) this.remove(first);
    return first;
  }

  remove(waiter: Waiter): void {
    if (waiter.list !== this) return;
    if (waiter.previous === null) this.head = waiter.next;
    else waiter.previous.next = waiter.next;
    if (waiter.next === null) this.tail = waiter.previous;
    else waiter.next.previous = waiter.previous;
    waiter.previous = waiter.next = waiter.list = null;
    this.size--;
  }

  /** Grants the first wait; false when there is none. */
  wakeFirst(value: unknown): boolean {
    const first = this.shift();
    if (first === null) return false;
    wake(first, value);
    return true;
  }

  wakeAll(value: unknown): void {
    while (this.wakeFirst(value));
  }

  failAll(error: () => Error): void {
    for (let first = this.shift(); first !== null; first = this.shift()) fail(first, error());
  }

  interrupt(waiter: Waiter, error: CancelledError): void {
    this.remove(waiter);
    giveUp(waiter, error);
  }
}
