import { AsyncResource } from 'node:async_hooks';
import { Context, findContext } from './context.ts';
import { currentScope, enterIn } from './current.ts';
import { capture, monitor, type Trace } from './debug-state.ts';
import { report } from './report.ts';
import { SubScope } from './sub-scope.ts';

const UNTRACKED = { triggerAsyncId: 1 };
const NOTHING_SET = new Context().share();

/**
 * A callback in the asynchronous context of when it was bound, with the values of then, but in no task. It is called once. What it throws goes to the
 * exception handler, which is told what it is.
 */
export class BoundCallback<A extends readonly unknown[]> {
  readonly callback: (...args: A) => unknown;
  readonly #what: string;
  readonly #resource = new AsyncResource('Callback', UNTRACKED);
  /** The values; `null` outside of all scopes, where it has those of then. */
  readonly #context: Context | null;
  readonly #trace: Trace | null;

  constructor(callback: (...args: A) => unknown, what: string) {
    this.callback = callback;
    this.#what = what;
    const scope = currentScope();
    this.#context = scope === undefined ? null : (findContext(scope)?.snapshot() ?? NOTHING_SET);
    this.#trace = monitor.current === null ? null : capture(new.target as never);
  }

  call(args: A): void {
    const begin = monitor.current === null ? 0 : performance.now();
    try {
      const { callback } = this;
      if (this.#context === null) this.#resource.runInAsyncScope(applyTo as typeof applyTo<A>, undefined, callback, args);
      else enterIn(this.#resource, new SubScope(this.#context), applyTo as typeof applyTo<A>, callback, args);
    } catch (error) {
      report({ message: `error in ${this.#name}`, exception: error });
    }
    if (begin !== 0) monitor.current?.stepped(performance.now() - begin, this.#name, this.#trace);
  }

  get #name(): string {
    return `${this.#what}: ${this.callback.name === '' ? 'an anonymous function' : this.callback.name}`;
  }
}

const applyTo = <A extends readonly unknown[]>(callback: (...args: A) => unknown, args: A): unknown => callback(...args);
