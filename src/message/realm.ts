/*
 * A thread may have several realms: the contexts of node:vm, in which test runners such as Jest run what they test. Each has its own
 * `Object`, `Map`, `Error`. Values of another realm travel as those of the same name here.
 */
type Global = Readonly<Record<string, unknown>>;

const globals = new WeakMap<object, Global | null>();

/** The global object of the realm that an object comes from; null when it is this realm, or can't be told. */
export function otherRealmOf(value: object): Global | null {
  let top = value;
  for (let next: unknown = value; next !== null; next = Object.getPrototypeOf(top)) top = next as object;
  if (top === Object.prototype) return null;
  const known = globals.get(top);
  if (known !== undefined) return known;
  const found = globalAbove(top);
  globals.set(top, found);
  return found;
}

/** The global object of the realm whose `Object.prototype` this is. */
function globalAbove(top: object): Global | null {
  const made: unknown = Object.getOwnPropertyDescriptor(top, 'constructor')?.value;
  if (!isNativeClass(made, 'Object') || made.prototype !== top) return null;
  const { constructor } = made;
  if (!isNativeClass(constructor, 'Function')) return null;
  try {
    return (constructor as FunctionConstructor)('return globalThis')() as Global;
  } catch {
    return null; // A context may forbid to make code from text.
  }
}

function isNativeClass(value: unknown, name: string): value is { readonly prototype: unknown; readonly constructor: unknown } {
  return typeof value === 'function' && Function.prototype.toString.call(value) === `function ${name}() { [native code] }`;
}

const DATA_CLASSES: ReadonlySet<string> = new Set(
  'Object Array Map Set Date RegExp Boolean Number String BigInt ArrayBuffer SharedArrayBuffer DataView Int8Array Uint8Array Uint8ClampedArray Int16Array Uint16Array Int32Array Uint32Array Float16Array Float32Array Float64Array BigInt64Array BigUint64Array Error AggregateError EvalError RangeError ReferenceError SyntaxError TypeError URIError'.split(
    ' ',
  ),
);

const prototypes = new WeakMap<object, object | null>();

/** This realm's prototype for that of one of the language's classes of data in another realm; null for any other object. */
export function prototypeHere(prototype: object): object | null {
  if (otherRealmOf(prototype) === null) return null;
  let here = prototypes.get(prototype);
  if (here === undefined) prototypes.set(prototype, (here = findPrototypeHere(prototype)));
  return here;
}

function findPrototypeHere(prototype: object): object | null {
  const made: unknown = Object.getOwnPropertyDescriptor(prototype, 'constructor')?.value;
  if (typeof made !== 'function' || !DATA_CLASSES.has(made.name)) return null;
  if (!isNativeClass(made, made.name) || made.prototype !== prototype) return null;
  return (globalThis as unknown as Record<string, { readonly prototype: object } | undefined>)[made.name]?.prototype ?? null;
}

/** The prototype of an object, as it is in this realm. */
export function prototypeOf(value: object): object | null {
  const prototype = Object.getPrototypeOf(value) as object | null;
  return prototype === null ? null : (prototypeHere(prototype) ?? prototype);
}
