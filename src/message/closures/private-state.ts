import { isNative } from './captured-variables.ts';
import { FunctionCode } from './function-code.ts';
import { privateFieldsOf } from './inspector.ts';
import { mark, setPrivate } from './rebuild.ts';
import { sendByValue } from './references-to.ts';

type AnyFunction = (...args: never[]) => unknown;
type AnyClass = abstract new (...args: never[]) => object;

/** What an object holds beyond what one of a class below its own does. */
export interface ObjectState {
  readonly fields: Readonly<Record<string, unknown>>;
  /** For each class that adds private members to it, from the bottom up: the class, and their names and values. */
  readonly privates: readonly (readonly [made: AnyFunction, fields: readonly (readonly [name: string, value: unknown])[]])[];
}

/** The classes of the program that an object with this prototype is an instance of, the lowest first. */
export function classesOf(prototype: object): AnyFunction[] {
  const found: AnyFunction[] = [];
  for (let at: object | null = prototype; at !== null; at = Object.getPrototypeOf(at) as object | null) {
    const constructor: unknown = Object.getOwnPropertyDescriptor(at, 'constructor')?.value;
    if (typeof constructor !== 'function' || constructor.prototype !== at) continue;
    if (isNative(constructor as AnyFunction)) break;
    found.unshift(constructor as AnyFunction);
  }
  return found;
}

/** The class has private members, or what compilers for older versions of the language make of them. */
export function keepsPrivates({ text, parts: { privates, kind } }: FunctionCode): boolean {
  return kind === 'class' && (privates.markInstances || /__classPrivateField|__private(?:Add|Get|Set)\b|_classPrivateField/.test(text));
}

/**
 * The state of an object that is made anew over there by `base`, a class of ours that its own class extends. Classes with private members travel by
 * value for it, also those that could be imported: only so can the members be set there. What compilers for older versions of the language make of
 * them, for WeakMaps that nobody else has, is left out.
 */
export function stateOf(object: object, base: AnyClass): ObjectState {
  const fields = Object.fromEntries(Object.entries(object));
  const all = classesOf(Object.getPrototypeOf(object) as object);
  const above = all.slice(all.indexOf(base as unknown as AnyFunction) + 1).filter((one) => keepsPrivates(FunctionCode.of(one)));
  if (above.length === 0) return { fields, privates: [] };
  return {
    fields,
    privates: fieldsByClass(object, all).filter(([one]) => {
      if (!above.includes(one) || !FunctionCode.of(one).parts.privates.markInstances) return false;
      sendByValue(one);
      return true;
    }),
  };
}

/** What an object has in private fields of each of these classes of it, from the bottom up: V8 gives them in that order, and they may be of one name. */
export function fieldsByClass(object: object, classes: readonly AnyFunction[]): ObjectState['privates'] {
  const found = privateFieldsOf(object);
  return classes.map((one) => {
    const own = FunctionCode.of(one).parts.privates.fields.flatMap((name): (readonly [string, unknown])[] => {
      const at = found.findIndex((field) => field.name === name);
      return at < 0 ? [] : [[name, found.splice(at, 1)[0]!.value]];
    });
    return [one, own];
  });
}

/** Gives the state of such an object to one that has been made anew. */
export function giveState<T extends object>(object: T, { fields, privates }: ObjectState): T {
  const before = new Set(Reflect.ownKeys(object));
  for (const [made, own] of privates) {
    mark(made as unknown as AnyClass, object);
    for (const [name, value] of own) setPrivate(made, object, name, value);
  }
  // What initialisers have left is not the object's.
  for (const key of Reflect.ownKeys(object)) if (!before.has(key)) Reflect.deleteProperty(object, key);
  return Object.assign(object, fields);
}
