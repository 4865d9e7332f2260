import { refuseOldNode } from './runtime.ts';

// Every module of the library loads this one.
refuseOldNode();

/**
 * The root of the library's errors.
 *
 * An error crosses threads, processes and copies of the package, so `instanceof` asks for a brand and
 * not for a prototype: each class names its brand, and inherits those of the classes above it.
 */

const BRANDS: unique symbol = Symbol.for('manycore.brands') as never;

interface Branded {
  readonly [BRANDS]?: readonly string[];
}

/** Lets `error instanceof constructor` hold for every error that carries `brand`, whichever copy of the package made it. */
function recogniseByBrand(constructor: abstract new (...args: never[]) => object, brand: string): void {
  const parent = (constructor.prototype as Branded)[BRANDS] ?? [];
  Object.defineProperty(constructor.prototype, BRANDS, { value: [...parent, brand], configurable: true });
  Object.defineProperty(constructor, Symbol.hasInstance, {
    configurable: true,
    value(this: unknown, instance: unknown): boolean {
      // A subclass that a program derives has no brand of its own: it is told by its prototype.
      if (this !== constructor)
        return typeof this === 'function' && Object.prototype.isPrototypeOf.call(this.prototype as object, instance as object);
      if (typeof instance !== 'object' || instance === null) return false;
      return Object.getPrototypeOf(instance) === constructor.prototype || ((instance as Branded)[BRANDS]?.includes(brand) ?? false);
    },
  });
}

/** Gives an error class its name and its brand; call it once, right after the class. */
export function nameError(constructor: abstract new (...args: never[]) => Error, name: string): void {
  Object.defineProperty(constructor.prototype, 'name', { value: name, configurable: true, writable: true });
  recogniseByBrand(constructor, `manycore.${name}`);
  classes.set(`manycore.${name}`, constructor);
}

const classes = new Map<string, abstract new (...args: never[]) => Error>();

/** The class that carries this brand, if its module is loaded in this thread. */
export function errorClass(brand: string): (abstract new (...args: never[]) => Error) | undefined {
  return classes.get(brand);
}

/** The brands that a class of ours gives to its errors, its own last; undefined for the prototype of any other class. */
export function brandsOf(prototype: unknown): readonly string[] | undefined {
  const object = prototype as (Branded & object) | null;
  return object !== null && Object.hasOwn(object, BRANDS) ? object[BRANDS] : undefined;
}

/** Makes one error recognisable by brand where its class is not loaded. */
export function giveBrands(error: Error, brands: readonly string[]): void {
  Object.defineProperty(error, BRANDS, { value: brands, configurable: true });
  Object.defineProperty(error, 'name', { value: brands[brands.length - 1]!.slice('manycore.'.length), configurable: true, writable: true });
}

/** An operation that does not fit the state of the object: Python's `RuntimeError`. */
export class StateError extends Error {
  readonly code: string;
  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
nameError(StateError, 'StateError');

/** A future or task that is not in the state the call needs. */
export class InvalidStateError extends StateError {
  constructor(message: string, options?: ErrorOptions) {
    super('ERR_INVALID_STATE', message, options);
  }
}
nameError(InvalidStateError, 'InvalidStateError');

/** A time-out that the caller asked for has passed. */
export class TimeoutError extends Error {
  readonly code: string = 'ERR_TIMED_OUT';
}
nameError(TimeoutError, 'TimeoutError');

/** The work was cancelled before it gave a result. */
export class CancelledError extends Error {
  readonly code: string = 'ERR_CANCELLED';
}
nameError(CancelledError, 'CancelledError');

/** A `RangeError` with a code. (The global class keeps its name; `instanceof RangeError` holds.) */
export class OutOfRangeError extends RangeError {
  readonly code: string;
  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}
Object.defineProperty(OutOfRangeError.prototype, 'name', { value: 'RangeError', configurable: true, writable: true });
