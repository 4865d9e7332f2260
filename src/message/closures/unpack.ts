import { createRequire } from 'node:module';
import { join } from 'node:path';
import { SendError } from '../send-error.ts';
import { valueByName } from './by-name.ts';
import { type Made, make } from './compile.ts';
import { forget, nameCopy, objectOf, type Origin, origins, remember, symbolOf } from './identity.ts';
import { loadModules } from './modules.ts';
import { makePlatformValue } from './platform-values.ts';
import { canRebuild, madeBy, mark, setPrivate } from './rebuild.ts';
import type { CodeRecipe, PropertyRecipe, Recipe, RecipeNode, Ref } from './recipe.ts';

export function unpack(recipe: Recipe): unknown {
  return new Unpacker(recipe).unpack();
}

export async function unpackAsync(recipe: Recipe): Promise<{ readonly value: unknown }> {
  await loadModules(recipe);
  return { value: unpack(recipe) };
}

type AnyFunction = (...args: unknown[]) => unknown;
type AnyClass = abstract new (...args: never[]) => object;

class Unpacker {
  readonly #recipe: Recipe;
  readonly #made = new Map<number, unknown>();
  /** What can only be filled in when everything is there: objects may lead back to each other. */
  readonly #later: (() => void)[] = [];
  /** Classes that were made here, by their numbers: known from then on, also to what is read before they are whole. */
  readonly #classes = new Map<string, object>();

  constructor(recipe: Recipe) {
    this.#recipe = recipe;
  }

  unpack(): unknown {
    try {
      return this.#unpack();
    } catch (error) {
      // They may lack what they capture, which a module has to be awaited for: who tries again must not be given these.
      for (const [id, made] of this.#classes) forget(made, id);
      throw error;
    }
  }

  #unpack(): unknown {
    const value = this.#value(this.#recipe.root);
    // A class that is here already is not made again; what its WeakMaps say of the objects that arrive is added all the same.
    this.#recipe.nodes.forEach((node, at) => node[0] === 'weak' && this.#value([at]));
    this.#finish();
    return value;
  }

  #finish(): void {
    for (let next = this.#later.shift(); next !== undefined; next = this.#later.shift()) next();
  }

  #value(ref: Ref): unknown {
    if (!Array.isArray(ref)) return ref;
    if (ref[0] === 'p') return (this.#value(ref[1]) as AnyFunction).prototype as unknown;
    const at = ref[0] as number;
    if (this.#made.has(at)) return this.#made.get(at);
    return this.#make(at, this.#recipe.nodes[at]!);
  }

  #set<T>(at: number, value: T): T {
    this.#made.set(at, value);
    return value;
  }

  #make(at: number, node: RecipeNode): unknown {
    switch (node[0]) {
      case 'raw':
        return this.#set(at, node[1]);
      case 'global':
      case 'builtin':
      case 'import':
      case 'export':
      case 'require':
        return this.#set(at, valueByName(node));
      case 'requirer':
        return this.#set(at, createRequire(join(node[1], 'function.js')));
      case 'symbol':
        return this.#set(at, symbol(node[1], node[2], node[3]));
      case 'array': {
        const array = this.#set(at, new Array<unknown>(node[1].length));
        node[1].forEach((item, i) => (array[i] = this.#value(item)));
        return array;
      }
      case 'object': {
        const object = this.#set(at, (node[1] ? Object.create(null) : {}) as object);
        this.#define(object, node[2]);
        if (node[3] !== '') this.#later.push(() => seal(object, node[3]));
        return object;
      }
      case 'map': {
        const map = this.#set(at, new Map());
        for (const [key, value] of node[1]) map.set(this.#value(key), this.#value(value));
        return map;
      }
      case 'set': {
        const set = this.#set(at, new Set());
        for (const item of node[1]) set.add(this.#value(item));
        return set;
      }
      case 'cell': {
        const cell = this.#set(at, { value: undefined as unknown });
        cell.value = this.#value(node[1]);
        return cell;
      }
      case 'weak':
        return this.#weak(at, node);
      case 'proxy':
        return this.#set(at, new Proxy(this.#value(node[1]) as object, this.#value(node[2]) as ProxyHandler<object>));
      case 'platform':
        return this.#set(
          at,
          makePlatformValue(
            node[1],
            node[2].map((arg) => this.#value(arg)),
          ),
        );
      case 'exception': {
        const options = { name: node[1], ...(node[4] === undefined ? {} : { cause: this.#value(node[4]) }) };
        const exception = this.#set(at, new DOMException(node[2], options as unknown as string));
        return Object.defineProperty(exception, 'stack', { value: node[3], writable: true, configurable: true });
      }
      case 'error':
        return this.#error(at, node);
      case 'bound':
        return this.#set(at, (this.#value(node[1]) as AnyFunction).bind(this.#value(node[2]), ...node[3].map((arg) => this.#value(arg))));
      case 'reduced': {
        const factory = this.#value(node[1]) as AnyFunction;
        const args = node[2].map((arg) => this.#value(arg));
        this.#finish(); // The factory uses its arguments: they have to be whole.
        return this.#set(at, factory(...args));
      }
      case 'function':
        return this.#function(at, node);
      case 'instance':
        return this.#instance(at, node);
    }
  }

  #weak(at: number, [, kind, id, entries]: Extract<RecipeNode, readonly ['weak', ...unknown[]]>): unknown {
    const known = objectOf(id);
    const weak = this.#set(at, known ?? (kind === 'WeakMap' ? new WeakMap<object, unknown>() : new WeakSet<object>()));
    if (known === undefined) remember(weak, id);
    // Later: a key may need the class that captures this map.
    this.#later.push(() => {
      for (const [key, value] of entries) {
        if (weak instanceof WeakMap) weak.set(this.#value(key) as object, this.#value(value));
        else (weak as WeakSet<object>).add(this.#value(key) as object);
      }
    });
    return weak;
  }

  #define(object: object, properties: readonly PropertyRecipe[]): void {
    for (const property of properties) {
      const key = this.#value(property[0]) as PropertyKey;
      const bits = property[1];
      const how = { enumerable: (bits & 2) !== 0, configurable: (bits & 4) !== 0 };
      if (property.length === 3) {
        const value = this.#value(property[2]);
        if (bits === 7 && key !== '__proto__') (object as Record<PropertyKey, unknown>)[key] = value;
        else Object.defineProperty(object, key, { value, writable: (bits & 1) !== 0, ...how });
      } else {
        Object.defineProperty(object, key, {
          get: this.#value(property[2]) as (() => unknown) | undefined,
          set: this.#value(property[3]) as ((value: unknown) => void) | undefined,
          ...how,
        } as PropertyDescriptor);
      }
    }
  }

  #error(at: number, [, prototype, message, stack, properties]: Extract<RecipeNode, readonly ['error', ...unknown[]]>): unknown {
    const error = new Error(message);
    Object.setPrototypeOf(error, this.#value(prototype) as object);
    Object.defineProperty(error, 'stack', { value: stack, writable: true, configurable: true });
    this.#set(at, error);
    this.#define(error, properties);
    return error;
  }

  #function(
    at: number,
    [, codeNumber, values, name, id, properties, prototype, privates]: Extract<RecipeNode, readonly ['function', ...unknown[]]>,
  ): unknown {
    const code = this.#recipe.codes[codeNumber]!;
    const known = objectOf(id);
    // A class is one class in a thread, whoever sends it; and a function that comes home is the one that left.
    if (known !== undefined && (code.kind === 'class' || !origins.has(known))) return this.#set(at, known);
    const early = values.map((value, i) => (code.early.includes(i) ? this.#value(value) : undefined));
    const { fn, put } = make(code, early) as Made & { fn: AnyFunction };
    this.#set(at, fn);
    if (fn.name !== name) Object.defineProperty(fn, 'name', { value: name, configurable: true });
    if (code.kind === 'class') {
      remember(fn, id);
      this.#classes.set(id, fn);
    } else nameCopy(fn, id);
    origins.set(fn, this.#origin(code, values));
    this.#later.push(() => {
      put(values.map((value) => this.#value(value)));
      this.#define(fn, properties);
      if (prototype !== null) this.#define(fn.prototype as object, prototype);
      for (const [key, value] of privates) setPrivate(fn, fn, key, this.#value(value));
    });
    return fn;
  }

  #origin(code: CodeRecipe, values: readonly Ref[]): Origin {
    const imports = new Map<string, RecipeNode>();
    values.forEach((value, i) => {
      const node = Array.isArray(value) && typeof value[0] === 'number' ? this.#recipe.nodes[value[0]] : undefined;
      if (node !== undefined && (node[0] === 'import' || node[0] === 'builtin' || node[0] === 'require')) imports.set(code.names[i]!, node);
    });
    return { code, imports };
  }

  #instance(
    at: number,
    [, prototypeRef, base, properties, isFrozen, levels]: Extract<RecipeNode, readonly ['instance', ...unknown[]]>,
  ): unknown {
    const prototype = this.#value(prototypeRef) as object;
    const classes = levels.map(([made]) => this.#value(made) as AnyClass);
    const object = this.#set(at, withPrivates(classes, base as readonly [string, ...unknown[]] | null, prototype));
    levels.forEach(([, fields], i) => {
      for (const [name, value] of fields) this.#later.push(() => setPrivate(classes[i]!, object, name, this.#value(value)));
    });
    if (object instanceof Map)
      for (const [key, value] of (base as [string, [Ref, Ref][]])[1]) Map.prototype.set.call(object, this.#value(key), this.#value(value));
    else if (object instanceof Set) for (const item of (base as [string, Ref[]])[1]) Set.prototype.add.call(object, this.#value(item));
    this.#define(object, properties);
    if (isFrozen) this.#later.push(() => Object.freeze(object));
    return object;
  }
}

/** An empty instance, with the private members that these classes give it. */
function withPrivates(classes: readonly AnyClass[], base: readonly [string, ...unknown[]] | null, prototype: object): object {
  const foreign = classes.find((one) => !canRebuild(one));
  if (foreign !== undefined) {
    throw new SendError(
      'E_PRIVATE_STATE',
      `an instance of ${foreign.name}, which has private fields, can't come back to the thread that defines the class`,
      {
        hint: `give ${foreign.name} a method [Symbol.for('manycore.reduce')]() { return [factory, args]; } that says how to make it again`,
      },
    );
  }
  const [lowest] = classes;
  const isLowest = lowest !== undefined && base === null && Object.getPrototypeOf(lowest) === Function.prototype;
  const object = isLowest ? madeBy(lowest, prototype) : baseOf(base, prototype);
  for (const one of isLowest ? classes.slice(1) : classes) mark(one, object);
  // What initialisers have left is not the object's.
  if (classes.length > 0) for (const key of Reflect.ownKeys(object)) Reflect.deleteProperty(object, key);
  return object;
}

function baseOf(base: readonly [string, ...unknown[]] | null, prototype: object): object {
  if (base === null) return Object.create(prototype) as object;
  const made = base[0] === 'map' ? new Map() : base[0] === 'set' ? new Set() : new Array<unknown>(base[1] as number);
  return Object.setPrototypeOf(made, prototype) as object;
}

function symbol(how: string, key: string, description: string): symbol {
  if (how === 'for') return Symbol.for(key);
  return how === 'known' ? (Symbol as unknown as Record<string, symbol>)[key]! : symbolOf(key, description);
}

function seal(object: object, how: string): void {
  if (how === 'frozen') Object.freeze(object);
  else if (how === 'sealed') Object.seal(object);
  else Object.preventExtensions(object);
}
