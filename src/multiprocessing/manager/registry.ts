import { StateError } from '../../base/errors.ts';
import { Face } from '../../threading/face.ts';
import type { ProxyClass } from './proxy.ts';

/** Makes an object in the manager's process: a function, or a class. */
export type Factory = ((...args: never[]) => unknown) | (new (...args: never[]) => object);

/** Which methods of a class are exposed, and what they give proxies of. */
export interface RegisterOptions {
  /** The methods that may be called; all that do not begin with `_` when left out. */
  readonly exposed?: readonly string[] | undefined;
  /** Methods whose result stays in the manager: a proxy of the type named here comes instead. */
  readonly methodToTypeId?: Readonly<Record<string, string>> | undefined;
  /** What proxies of it are: a class that extends `BaseProxy`, with methods of its own that call by `callMethod`. It travels with them. */
  readonly proxyType?: ProxyClass | undefined;
}

export interface Registered extends RegisterOptions {
  /** Ends an object that no proxy refers to any more. */
  readonly end?: ((value: never) => void) | undefined;
  /** Missing in a program that only connects. */
  readonly factory?: Factory | undefined;
}

export type Registry = ReadonlyMap<string, Registered>;

const isClass = (factory: Factory): factory is new (...args: never[]) => object =>
  /^class\b/.test(Function.prototype.toString.call(factory));

export async function make(registry: Registry, typeId: string, args: readonly unknown[]): Promise<{ readonly value: unknown }> {
  const factory = registry.get(typeId)?.factory;
  if (factory === undefined) {
    const known = [...registry].filter(([, one]) => one.factory !== undefined).map(([name]) => name);
    throw new StateError('ERR_NOT_REGISTERED', `this manager can't make a ${typeId}: it makes ${known.join(', ') || 'nothing'}`);
  }
  const value = isClass(factory) ? new factory(...(args as never[])) : await factory(...(args as never[]));
  return { value };
}

const INHERITED = new Set(Object.getOwnPropertyNames(Object.prototype));

/** What can be called of an object: its methods, those of its classes included, and what can be read of it. */
export function methodsOf(value: object): string[] {
  const names = new Set<string>();
  for (
    let at: object | null = value;
    at !== null && at !== Object.prototype && at !== Function.prototype;
    at = Object.getPrototypeOf(at) as object | null
  ) {
    for (const [name, { value: member, get, enumerable }] of Object.entries(Object.getOwnPropertyDescriptors(at))) {
      const isField = at === value && enumerable === true && !(value instanceof Face);
      if ((typeof member === 'function' || get !== undefined || isField) && !INHERITED.has(name)) names.add(name);
    }
  }
  // One that blocks would stop the server for everybody.
  return [...names].filter((name) => !name.startsWith('_') && !name.endsWith('Sync')).toSorted();
}
