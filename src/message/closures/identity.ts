import { threadId } from 'node:worker_threads';
import type { CodeRecipe, RecipeNode } from './recipe.ts';

/*
 * Functions, classes and symbols keep who they are: each gets a number where it is made, and whoever made it knows it
 * again when it comes back.
 */
const numbers = new WeakMap<object, string>();
const objects = new Map<string, WeakRef<object>>();
const gone = new FinalizationRegistry<string>((number) => {
  if (objects.get(number)?.deref() === undefined) objects.delete(number);
});
let last = 0;

export function numberOf(value: object): string {
  let number = numbers.get(value);
  if (number === undefined) remember(value, (number = `${process.pid}.${threadId}.${++last}`));
  return number;
}

/** Says that `value` is what the number stands for in this thread. */
export function remember(value: object, number: string): void {
  numbers.set(value, number);
  objects.set(number, new WeakRef(value));
  gone.register(value, number);
}

/** What stood for this number was not finished: the next one of it is made anew. */
export function forget(value: object, number: string): void {
  if (objects.get(number)?.deref() === value) objects.delete(number);
}

/** Says that `fn` is a copy of the function with this number: sent on, it is that one. A copy itself is never looked for. */
export function nameCopy(fn: object, number: string): void {
  numbers.set(fn, number);
}

export function objectOf(number: string): object | undefined {
  return objects.get(number)?.deref();
}

/** What a function was made from that came from another thread: it travels on as the same. */
export interface Origin {
  readonly code: CodeRecipe;
  /** Captured variables that are imports, as nodes. */
  readonly imports: ReadonlyMap<string, RecipeNode>;
}

export const origins = new WeakMap<object, Origin>();

const symbols = new Map<string, symbol>();
const symbolNumbers = new Map<symbol, string>();

export function numberOfSymbol(symbol: symbol): string {
  let number = symbolNumbers.get(symbol);
  if (number === undefined) {
    number = `${process.pid}.${threadId}.s${++last}`;
    symbolNumbers.set(symbol, number);
    symbols.set(number, symbol);
  }
  return number;
}

export function symbolOf(number: string, description: string): symbol {
  let symbol = symbols.get(number);
  if (symbol === undefined) {
    symbol = Symbol(description);
    symbols.set(number, symbol);
    symbolNumbers.set(symbol, number);
  }
  return symbol;
}
