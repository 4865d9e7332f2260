import { isThenable } from '../base/thenable.ts';
import { tracked } from './async-calls.ts';
import { isProfiling, Profile, type ProfileSettings } from './profile.ts';
import type { Restriction } from './restriction.ts';
import type { SortKey } from './sort-keys.ts';

/** How `profile` records, and what it prints. */
export interface ProfileOptions extends ProfileSettings {
  /** The order of the rows; by cumulative time when left out. */
  readonly sort?: SortKey | undefined;
  /** Which rows are printed. */
  readonly limit?: Restriction | undefined;
  /** Functions inside Node, manycore and the loader (tsx) are shown too. */
  readonly all?: boolean | undefined;
  /** Where the table goes; `console.log` when left out. */
  readonly print?: ((table: string) => void) | undefined;
}

type AnyFunction = (this: never, ...args: never[]) => unknown;
type MethodDecorator = <F extends AnyFunction>(fn: F, context: ClassMethodDecoratorContext) => F;
type AccessorDecorator = <This, T>(
  target: ClassAccessorDecoratorTarget<This, T>,
  context: ClassAccessorDecoratorContext<This, T>,
) => ClassAccessorDecoratorResult<This, T>;

/**
 * Prints the profile of every call of a function, on its return and on its error alike, and passes both on.
 *
 * `profile(fn)` gives a function of the same type; with options, `profile({ sort: 'tottime' })` gives what makes one.
 * Both work as standard decorators, on methods and on accessors. A call inside a profiled call is part of that
 * one's table. An async function is recorded until its promise is settled.
 */
export function profile<F extends AnyFunction>(fn: F, context?: ClassMethodDecoratorContext): F;
export function profile<This, T>(
  target: ClassAccessorDecoratorTarget<This, T>,
  context: ClassAccessorDecoratorContext<This, T>,
): ClassAccessorDecoratorResult<This, T>;
export function profile(options: ProfileOptions): (<F extends AnyFunction>(fn: F) => F) & MethodDecorator & AccessorDecorator;
export function profile(
  first: AnyFunction | ProfileOptions | ClassAccessorDecoratorTarget<unknown, unknown>,
  context?: DecoratorContext,
): unknown {
  if (typeof first === 'function') return profiled(first, {}, nameOf(first, context));
  if (context?.kind === 'accessor')
    return profiledAccessor(first as ClassAccessorDecoratorTarget<unknown, unknown>, {}, String(context.name));
  return (target: AnyFunction | ClassAccessorDecoratorTarget<unknown, unknown>, inner?: DecoratorContext): unknown =>
    typeof target === 'function'
      ? profiled(target, first as ProfileOptions, nameOf(target, inner))
      : profiledAccessor(target, first as ProfileOptions, String(inner?.name));
}

const nameOf = (fn: AnyFunction, context: DecoratorContext | undefined): string => String(context?.name ?? (fn.name || '<anonymous>'));

function profiled(fn: AnyFunction, options: ProfileOptions, name: string): AnyFunction {
  const wrapper = function (this: never, ...args: never[]): unknown {
    return recorded(() => fn.apply(this, args), options, name);
  };
  Object.defineProperty(wrapper, 'name', { value: fn.name, configurable: true });
  Object.defineProperty(wrapper, 'length', { value: fn.length, configurable: true });
  return wrapper;
}

function profiledAccessor(target: ClassAccessorDecoratorTarget<unknown, unknown>, options: ProfileOptions, name: string): object {
  return {
    get(this: unknown): unknown {
      return recorded(() => target.get.call(this), options, `get ${name}`);
    },
    set(this: unknown, value: unknown): void {
      recorded(() => target.set.call(this, value), options, `set ${name}`);
    },
  };
}

function recorded(call: () => unknown, options: ProfileOptions, name: string): unknown {
  // A call inside a profiled one is part of that one's table.
  if (isProfiling()) return tracked(name, call);
  const recording = new Profile({ ...options, name });
  const report = (): void => {
    const { sort = 'cumulative', limit, all = false, print = console.log } = options;
    const { stats } = recording;
    if (!all) stats.programOnly();
    print(stats.sortStats(sort).toString(...(limit === undefined ? [] : [limit])));
  };
  let result: unknown;
  try {
    result = recording.run(call);
  } catch (error) {
    report();
    throw error;
  }
  if (!isThenable(result)) {
    report();
    return result;
  }
  return result.then(
    (value) => {
      report();
      return value;
    },
    (error: unknown) => {
      report();
      throw error;
    },
  );
}
