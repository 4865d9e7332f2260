import { generate } from './generate.ts';
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
  // A computed key, for a literal `__proto__` would set the prototype.
  const fields = keys.map((key) => `${key === '__proto__' ? '["__proto__"]' : JSON.stringify(key)}:get()`);
  const make = generate(['get'], `return {${fields.join(',')}}`, (get: Get) => {
    const object = {};
    fill(object, get);
    return object;
  });
  return { make, fill };
}

function filler(keys: readonly string[]): ShapeReader['fill'] {
  const loop: ShapeReader['fill'] = (object, get) => {
    for (const key of keys) setField(object, key, get());
  };
  if (keys.includes('__proto__')) return loop;
  return generate(['object', 'get'], keys.map((key) => `object[${JSON.stringify(key)}]=get();`).join(''), loop);
}

/** Sets a property of its own, whatever its name. */
export function setField(object: object, key: string, value: unknown): void {
  if (key === '__proto__') Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true });
  else (object as Record<string, unknown>)[key] = value;
}
