import { AsyncLocalStorage } from 'node:async_hooks';
import { numberOf, objectOf, reduce, remember } from '../message/closures/index.ts';

/** Names the storages whose values a thread starts with. It is called here and in the thread, and finds each side's own. */
export type ContextOf = () => readonly Pick<AsyncLocalStorage<unknown>, 'getStore'>[];

/** The values of some storages, at the moment of the hand-over. */
export interface Context {
  readonly storages: ContextOf;
  readonly values: readonly unknown[];
}

/*
 * A storage that a function captures arrives as the storage of that number: the thread's own, made when it first comes. It is
 * empty there, but for what `context` brings along.
 */
Object.defineProperty(AsyncLocalStorage.prototype, reduce, {
  value(this: object) {
    return [storageNumbered, [numberOf(this)]];
  },
  configurable: true,
});

/** @internal */
export function storageNumbered(number: string): AsyncLocalStorage<unknown> {
  const known = objectOf(number);
  if (known !== undefined) return known as AsyncLocalStorage<unknown>;
  const made = new AsyncLocalStorage<unknown>();
  remember(made, number);
  return made;
}

/** @internal What the storages hold for the code that runs now; `null` when that is nothing. */
export function contextOf(storages: ContextOf | undefined | null): Context | null {
  if (storages === undefined || storages === null) return null;
  if (typeof storages !== 'function')
    throw new TypeError(`context must be a function that gives AsyncLocalStorages: got ${typeof storages}`);
  const values = storages().map((storage, i) => {
    if (storage instanceof AsyncLocalStorage) return storage.getStore();
    throw new TypeError(`context must give AsyncLocalStorages: number ${i} is ${typeof storage}`);
  });
  return values.every((value) => value === undefined) ? null : { storages, values };
}

/** @internal Runs `act` with these values in the storages of this thread. */
export function within<T>(context: Context | null, act: () => T): T {
  if (context === null) return act();
  const storages = context.storages();
  return storages.reduceRight<() => T>((inner, storage, i) => {
    const value = context.values[i];
    return value === undefined ? inner : () => (storage as AsyncLocalStorage<unknown>).run(value, inner);
  }, act)();
}
