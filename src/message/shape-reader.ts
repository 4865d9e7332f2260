import { keysOfShape } from './shapes.ts';

type Get = () => unknown;

/** How objects of one shape are made again. */
export interface ShapeReader {
  /** From its fields, which are read first: the fast way. */
  readonly make: (get: Get) => object;
  /** Into an object that exists already, so that its fields may refer to it. */
  readonly fill: (object: Record<string, unknown>, get: Get) => void;
}

const readers: (ShapeReader | undefined)[] = [];

export function readerOfShape(number: number): ShapeReader {
  return readers[number] ?? (readers[number] = describe(keysOfShape(number)));
}

function describe(keys: readonly string[]): ShapeReader {
  const fill = filler(keys);
  try {
    // A computed key, for a literal `__proto__` would set the prototype.
    const fields = keys.map((key) => `${key === '__proto__' ? '["__proto__"]' : JSON.stringify(key)}:get()`);
    return { make: new Function('get', `return {${fields.join(',')}}`) as ShapeReader['make'], fill };
  } catch {
    return {
      make(get) {
        const object = {};
        fill(object, get);
        return object;
      },
      fill,
    };
  }
}

function filler(keys: readonly string[]): ShapeReader['fill'] {
  if (keys.includes('__proto__')) return (object, get) => keys.forEach((key) => setField(object, key, get()));
  try {
    return new Function('object', 'get', keys.map((key) => `object[${JSON.stringify(key)}]=get();`).join('')) as ShapeReader['fill'];
  } catch {
    return (object, get) => {
      for (const key of keys) object[key] = get();
    };
  }
}

/** Sets a property of its own, whatever its name. */
export function setField(object: object, key: string, value: unknown): void {
  if (key === '__proto__') Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true });
  else (object as Record<string, unknown>)[key] = value;
}
