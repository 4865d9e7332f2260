import { types } from 'node:util';
import { StateError } from '../base/errors.ts';
import { currentScope, enter } from './current.ts';
import { attach, detach, SubScope } from './sub-scope.ts';

type Values = Map<ContextVar<unknown>, unknown>;

/** Nobody writes to it: each task has a context, and most set nothing. */
const NO_VALUES: Values = new Map();

/** This thread's own context: of code outside of any task. */
let ownContext: Context | null = null;

/**
 * The values of all context variables, for a task or for `context.run`: Python's `contextvars.Context`.
 *
 * A copy costs the same however much is in it: both share the values until one of them sets a variable.
 */
export class Context {
  #values = NO_VALUES;
  #isShared = true;
  /** What came from another thread, by the names of its variables. */
  #inherited: ReadonlyMap<string, unknown> | null = null;
  /** What tasks that began after the last write have in common. */
  #snapshot: Context | null = null;
  /** @internal It belongs to several tasks: one that sets a variable takes a copy first. */
  isSnapshot = false;

  /** The value that a variable was set to in it; `fallback` when it was not: the default of the variable itself does not count. */
  get<T>(variable: ContextVar<T>): T | undefined;
  get<T, F>(variable: ContextVar<T>, fallback: F): T | F;
  get(variable: ContextVar<unknown>, fallback?: unknown): unknown {
    if (this.#values.has(variable)) return this.#values.get(variable);
    return this.#inherited?.has(variable.name) === true ? this.#inherited.get(variable.name) : fallback;
  }

  /** Whether the variable was set in it. One that only has a default was not. */
  has(variable: ContextVar<unknown>): boolean {
    return this.#values.has(variable) || this.#inherited?.has(variable.name) === true;
  }

  /** @internal */
  set(variable: ContextVar<unknown>, value: unknown): void {
    this.#own().set(variable, value);
  }

  /** @internal */
  delete(variable: ContextVar<unknown>): void {
    this.#own().delete(variable);
  }

  #own(): Values {
    this.#snapshot = null;
    if (this.#isShared) {
      this.#values = new Map(this.#values);
      this.#isShared = false;
    }
    return this.#values;
  }

  /**
   * A context with the same values: what is set in one of them later is not seen in the other. Takes the same time however many there
   * are.
   */
  copy(): Context {
    const copy = new Context();
    copy.#values = this.#values;
    copy.#isShared = this.#isShared = true;
    copy.#inherited = this.#inherited;
    return copy;
  }

  /** @internal What a task begins with, and has in common with its brothers until one of them sets a variable; `null`: nothing was set. */
  snapshot(): Context | null {
    if (this.isSnapshot) return this;
    if (this.#snapshot !== null) return this.#snapshot;
    if (this.#values.size === 0 && this.#inherited === null) return null;
    return (this.#snapshot = this.copy().share());
  }

  /** @internal Several will have it. */
  share(): this {
    this.isSnapshot = true;
    return this;
  }

  /** @internal */
  inherit(values: Iterable<readonly [string, unknown]>): this {
    this.#inherited = new Map(values);
    return this;
  }

  /** How many variables were set in it: those that came from another thread are not counted. */
  get size(): number {
    return this.#values.size;
  }

  /** The variables that were set in it. */
  keys(): IterableIterator<ContextVar<unknown>> {
    return this.#values.keys();
  }
  /** Their values. */
  values(): IterableIterator<unknown> {
    return this.#values.values();
  }
  /** Each variable that was set in it, with its value. */
  entries(): IterableIterator<[ContextVar<unknown>, unknown]> {
    return this.#values.entries();
  }
  [Symbol.iterator](): IterableIterator<[ContextVar<unknown>, unknown]> {
    return this.entries();
  }

  /** Calls `fn` in this context: what it sets, also after an `await`, is set here. Gives what `fn` gives. */
  run<A extends readonly unknown[], R>(fn: (...args: A) => R, ...args: A): R {
    const scope = new SubScope(this);
    attach(scope);
    let result: unknown;
    try {
      result = enter(scope, apply as typeof apply<A, R>, fn, args);
    } catch (error) {
      detach(scope);
      throw error;
    }
    if (!types.isPromise(result)) {
      detach(scope);
      return result as R;
    }
    return result.finally(() => detach(scope)) as R;
  }
}

const apply = <A extends readonly unknown[], R>(fn: (...args: A) => R, args: A): R => fn(...args);

/** The context of the code that runs now, if it was ever written to or copied into: a task has none before that. */
export function findContext(scope = currentScope()): Context | null {
  for (let at = scope ?? null; at !== null; at = at.parent) {
    if (at.context !== null) return at.context;
    if (at.task === at) return null;
  }
  return ownContext;
}

function writableContext(): Context {
  for (let at = currentScope() ?? null; at !== null; at = at.parent) {
    if (at.context !== null) return at.context.isSnapshot ? (at.context = at.context.copy()) : at.context;
    if (at.task === at) return (at.context = new Context());
  }
  return (ownContext ??= new Context());
}

/** A context with the values of another thread's: a variable is known there by its name. */
export function inheritContext(values: Iterable<readonly [string, unknown]>): Context {
  return new Context().inherit(values);
}

/** A copy of the context of the code that runs now. */
export function copyContext(): Context {
  return findContext()?.copy() ?? new Context();
}

/** What `ContextVar.set` gives: the way back, once. Disposable: `using _ = variable.set(value)`. */
export class Token<T> implements Disposable {
  /** The variable that was set. */
  readonly variable: ContextVar<T>;
  /** What the variable held before; undefined when nothing. */
  readonly oldValue: T | undefined;
  /** @internal */
  readonly context: Context;
  /** @internal */
  readonly hadValue: boolean;
  /** @internal */
  isUsed = false;

  /** @internal */
  constructor(variable: ContextVar<T>, context: Context) {
    this.variable = variable;
    this.context = context;
    this.hadValue = context.has(variable as ContextVar<unknown>);
    this.oldValue = context.get(variable as ContextVar<unknown>) as T | undefined;
  }

  [Symbol.dispose](): void {
    this.variable.reset(this);
  }
}

const NONE: unique symbol = Symbol('none');

/**
 * A variable with a value for each task: Python's `contextvars.ContextVar`. A task begins with a copy of its creator's values, and
 * what it sets is its own. A thread begins with none.
 */
export class ContextVar<T> {
  /** What it is called. Values come over to other threads by this name. */
  readonly name: string;
  readonly #initial: T | typeof NONE;

  constructor(name: string, options: { readonly default?: T } = {}) {
    if (typeof name !== 'string') throw new TypeError(`the name of a ContextVar must be a string: got ${typeof name}`);
    this.name = name;
    this.#initial = 'default' in options ? (options.default as T) : NONE;
  }

  /** Its value here; else `fallback`, else its default. `StateError` when there is none of them. */
  get(...fallback: [fallback?: T]): T {
    const context = findContext();
    if (context?.has(this as ContextVar<unknown>)) return context.get(this as ContextVar<unknown>) as T;
    if (fallback.length > 0) return fallback[0] as T;
    if (this.#initial !== NONE) return this.#initial;
    throw new StateError('ERR_CONTEXT_VAR_UNSET', `ContextVar ${this.name} has no value here, and no default`);
  }

  /** Sets it in the context of the code that runs now. */
  set(value: T): Token<T> {
    const context = writableContext();
    const token = new Token<T>(this, context);
    context.set(this as ContextVar<unknown>, value);
    return token;
  }

  /** Puts back what was there before the `set` that gave the token. Once, and only in the same context. */
  reset(token: Token<T>): void {
    if (!(token instanceof Token)) throw new TypeError(`reset takes the token that set() gave: got ${typeof token}`);
    if (token.isUsed) throw new StateError('ERR_TOKEN_USED', `this token of ContextVar ${this.name} has been used already`);
    if (token.variable !== this)
      throw new RangeError(`the token was made by ContextVar ${token.variable.name}, and can't reset ${this.name}`);
    if (token.context !== findContext())
      throw new RangeError(`the token of ContextVar ${this.name} was made in another context, and can be used only there`);
    token.isUsed = true;
    if (token.hadValue) token.context.set(this as ContextVar<unknown>, token.oldValue);
    else token.context.delete(this as ContextVar<unknown>);
  }
}
