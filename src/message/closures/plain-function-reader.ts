import { keysOfShape } from '../shapes.ts';
import { findByName, type NamedNode } from './by-name.ts';
import { make } from './compile.ts';
import { nameCopy, objectOf, type Origin, origins } from './identity.ts';
import type { KnownFunction } from './plain-functions.ts';
import type { CodeRecipe, RecipeNode } from './recipe.ts';

/** How the functions with a number are made in this thread. */
type Maker = (get: () => unknown, met: (fn: object) => void) => unknown;

const makers: (Maker | undefined)[] = [];
const EMPTY: readonly never[] = [];

/** Makes the function with this number. What it captures follows: `get` reads it; `met` is told of the function before that, for it may be captured itself. */
export function makeFunction(number: number, get: () => unknown, met: (fn: object) => void): unknown {
  return (makers[number] ??= makerOf(JSON.parse(keysOfShape(number)[0]!) as KnownFunction))(get, met);
}

function makerOf(known: KnownFunction): Maker {
  return known.length === 1 ? finder(known[0]) : copier(...known);
}

function finder(node: NamedNode): Maker {
  const find = findByName(node);
  return (_, met) => {
    const value = find();
    met(value as object);
    return value;
  };
}

function copier(code: CodeRecipe, imports: readonly (NamedNode | null)[], name: string): Maker {
  const sent = imports.filter((node) => node === null).length;
  const finders = imports.map((node) => (node === null ? null : findByName(node)));
  const origin: Origin = {
    code,
    imports: new Map(imports.flatMap((node, i): [string, RecipeNode][] => (node === null ? [] : [[code.names[i]!, node]]))),
  };
  return (get, met) => {
    const id = get() as string;
    const original = objectOf(id);
    if (original !== undefined && !origins.has(original)) {
      // A function that comes home is the one that left.
      met(original);
      for (let i = 0; i < sent; i++) get();
      return original;
    }
    const made = make(code, EMPTY);
    const fn = made.fn as object;
    if ((fn as { readonly name: string }).name !== name) Object.defineProperty(fn, 'name', { value: name, configurable: true });
    met(fn);
    if (imports.length > 0) made.put(finders.map((find) => (find === null ? get() : find())));
    nameCopy(fn, id);
    origins.set(fn, origin);
    return fn;
  };
}
