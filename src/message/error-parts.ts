import { brandsOf, errorClass, giveBrands } from '../base/errors.ts';

/*
 * An error as a list of values, and back.
 *
 *   name of its class · brands · own message · stack · own name · the names and values of its other own properties
 *
 * The language's own errors and ours are known by name in every thread. One of ours whose module is not loaded
 * where it arrives becomes a plain Error that carries the brands: `instanceof` holds all the same. An error of a
 * program's own class has to be packed with its class.
 */
const STANDARD = new Map<string, ErrorConstructor>(
  [Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError].map((made) => [made.name, made as ErrorConstructor]),
);
STANDARD.set('AggregateError', AggregateError as unknown as ErrorConstructor);
const byPrototype = new Map<unknown, string>([...STANDARD].map(([name, made]) => [made.prototype, name]));

/** The values that describe an error; null if its class is not one that every thread knows, or if it has symbols as keys. */
export function errorParts(error: Error, prototype: unknown): unknown[] | null {
  const name = byPrototype.get(prototype);
  const brands = name === undefined ? brandsOf(prototype) : undefined;
  if (name === undefined && brands === undefined) return null;
  if (Object.getOwnPropertySymbols(error).length > 0) return null;
  const own: unknown[] = [];
  for (const key of Object.getOwnPropertyNames(error)) {
    if (key === 'stack' || key === 'message') continue;
    const { enumerable } = Object.getOwnPropertyDescriptor(error, key)!;
    own.push(key, (error as unknown as Record<string, unknown>)[key], enumerable);
  }
  const message: unknown = Object.hasOwn(error, 'message') ? error.message : undefined;
  const stack: unknown = error.stack;
  return [name ?? baseOf(prototype), brands, textOf(message), textOf(stack), own];
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** The nearest of the language's own classes. */
function baseOf(prototype: unknown): string {
  for (let at = prototype as object | null; at !== null; at = Object.getPrototypeOf(at) as object | null) {
    const name = byPrototype.get(at);
    if (name !== undefined) return name;
  }
  return 'Error';
}

/** An error without its properties, so that they may refer to it. */
export function bareError(name: string, brands: readonly string[] | undefined): Error {
  const made = STANDARD.get(name) ?? Error;
  const prototype = brands === undefined ? made.prototype : errorClass(brands[brands.length - 1]!)?.prototype;
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 0;
  const error = name === 'AggregateError' ? new AggregateError([]) : new made();
  Error.stackTraceLimit = limit;
  if (name === 'AggregateError') delete (error as { errors?: unknown }).errors;
  if (prototype !== undefined && prototype !== made.prototype) Object.setPrototypeOf(error, prototype as object);
  else if (brands !== undefined) giveBrands(error, brands);
  return error;
}

/** Gives a bare error what the one that was sent had. */
export function fillError(error: Error, message: unknown, stack: unknown, own: readonly unknown[]): void {
  if (message !== undefined) define(error, 'message', message, false);
  define(error, 'stack', stack, false);
  for (let i = 0; i < own.length; i += 3) define(error, own[i] as string, own[i + 1], own[i + 2] as boolean);
}

function define(error: Error, key: string, value: unknown, enumerable: boolean): void {
  Object.defineProperty(error, key, { value, enumerable, writable: true, configurable: true });
}
