import { AsyncLocalStorage, AsyncResource } from 'node:async_hooks';
import { ambient, type Scope as Ambient } from '../base/ambient.ts';
import type { CancelledError } from '../base/errors.ts';
import { granted, keepAfterGrant, outermostCancelled, removeWaiter, type Scope, takeCancellation } from './scope.ts';
import { enlist, type Source, Waiter } from './waiter.ts';

const storage = new AsyncLocalStorage<Scope>();

/** The scope of the code that runs now; undefined outside of any. */
export const currentScope = (): Scope | undefined => storage.getStore();

/*
 * Since Node 24 a context is a map that is copied whenever a value is entered, and `run` copies it twice: for the way in and for the
 * way out. Within an AsyncResource the way out is free. The resource is made each time, so that the values of other storages are kept.
 * Where it holds nothing but our own value, which is about to be another, there is nothing to copy: that is most of what a task costs.
 */
const framesAreCopied = !('_enable' in AsyncLocalStorage.prototype);
const UNTRACKED = { triggerAsyncId: 1 };

type Frame = Partial<ReadonlyMap<unknown, unknown>> | undefined;
/** Where an AsyncResource keeps its context. A Node that keeps it elsewhere copies it, as before. */
const FRAME = Object.getOwnPropertySymbols(new AsyncResource('Task', UNTRACKED)).find((symbol) => symbol.description === 'context_frame');

/** Calls `fn(a, b)` with `scope` as the scope of all that it does and starts. */
export function enter<A, B, R>(scope: Scope, fn: (a: A, b: B) => R, a: A, b: B): R {
  if (framesAreCopied) return enterIn(new AsyncResource('Task', UNTRACKED), scope, fn, a, b);
  takePart();
  return storage.run(scope, fn, a, b);
}

/** The same in the context of a resource that nobody else uses. */
export function enterIn<A, B, R>(resource: AsyncResource, scope: Scope, fn: (a: A, b: B) => R, a: A, b: B): R {
  takePart();
  if (framesAreCopied && FRAME !== undefined) leaveOwnOut(resource as unknown as Record<symbol, Frame>, FRAME);
  return resource.runInAsyncScope<unknown, R>(enterHere as never, null, scope, fn, a, b);
}

/** From the first scope on, the waits of the layers below ask for it. */
function takePart(): void {
  if (ambient.scope !== null) return;
  ambient.scope = ambientScope;
  ambient.outside = outside;
}

function leaveOwnOut(resource: Record<symbol, Frame>, key: symbol): void {
  const frame = resource[key];
  if (frame?.size === 1 && frame.has?.(storage) === true) resource[key] = undefined;
}

function enterHere<A, B, R>(scope: Scope, fn: (a: A, b: B) => R, a: A, b: B): R {
  storage.enterWith(scope);
  return fn(a, b);
}

/** Calls `fn` outside of any scope. */
export function outside<T>(fn: () => T): T {
  return storage.exit(fn);
}

/** The waits of the layers below take part: cancelling a task reaches them through this. */
function ambientScope(): Ambient | null {
  const scope = storage.getStore();
  return scope === undefined ? null : new WaitBelow(scope);
}

class WaitBelow implements Ambient, Source {
  readonly what = 'a wait of threads or processes';
  readonly #scope: Scope;
  #cancel: ((reason: unknown) => void) | null = null;
  #origin: Scope | null = null;

  constructor(scope: Scope) {
    this.#scope = scope;
  }

  checkpoint(): void {
    const error = takeCancellation(this.#scope);
    if (error !== null) throw error;
    granted(this.#scope);
  }

  subscribe(cancel: (reason: unknown) => void): () => void {
    this.#cancel = cancel;
    const waiter = new Waiter(this, null, ignore, ignore);
    enlist(this.#scope, waiter);
    return () => {
      granted(waiter.scope);
      removeWaiter(waiter);
    };
  }

  interrupt(waiter: Waiter, error: CancelledError, origin: Scope): void {
    removeWaiter(waiter);
    this.#origin = origin;
    this.#cancel?.(error);
  }

  postpone(reason: unknown): void {
    keepAfterGrant(this.#scope, reason as CancelledError, this.#origin ?? outermostCancelled(this.#scope));
  }
}

const ignore = (): void => {};
