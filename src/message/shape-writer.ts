import { generate } from './generate.ts';
import { KEYS_MAX, numberOfShape } from './shapes.ts';

type Put = (value: unknown) => void;
type Fields = Record<string, unknown>;

/** How the fields of one shape are written. */
export interface Shape {
  readonly number: number;
  readonly write: (put: Put, object: Fields) => void;
}

/** A place in the tree of key sequences. It remembers the last way taken: most programs send one shape at a time. */
class Branch {
  lastKey = '';
  last: Branch | null = null;
  readonly branches = new Map<string, Branch>();
  /** null: its keys are written out. */
  shape: Shape | null | undefined = undefined;
}

/** So many ways may leave one place before the keys are taken for data: a dictionary. */
const WAYS_MAX = 256;
const root = new Branch();

/** The shape of a plain object; null when its keys have to be written out. */
export function shapeOf(object: object): Shape | null {
  let branch = root;
  let depth = 0;
  for (const key in object) {
    if (branch.lastKey === key && branch.last !== null) {
      branch = branch.last;
      depth++;
      continue;
    }
    if (++depth > KEYS_MAX) return null;
    let next = branch.branches.get(key);
    if (next === undefined) {
      if (branch.branches.size >= WAYS_MAX) return null;
      next = new Branch();
      branch.branches.set(key, next);
    }
    branch.lastKey = key;
    branch.last = next;
    branch = next;
  }
  return branch.shape === undefined ? (branch.shape = describe(object, depth)) : branch.shape;
}

function describe(object: object, depth: number): Shape | null {
  const keys = Object.keys(object);
  // Something enumerable is inherited: `for in` does not tell the object's own keys.
  if (keys.length !== depth) return null;
  const number = numberOfShape(keys);
  return number < 0 ? null : { number, write: writer(keys) };
}

function writer(keys: readonly string[]): Shape['write'] {
  return generate(['put', 'object'], keys.map((key) => `put(object[${JSON.stringify(key)}]);`).join(''), (put: Put, object: Fields) => {
    for (const key of keys) put(object[key]);
  });
}
