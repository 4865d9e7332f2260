import { types } from 'node:util';
import { isShareable, otherCopyOf } from '../../word/shareable.ts';
import { prototypeOf } from '../realm.ts';
import { SendError, type SendErrorDetails } from '../send-error.ts';
import { type Found, IS_TDZ_SILENT, refuseNotInitialised, type ScopesRead, variablesOf } from './captured-variables.ts';
import { HERITAGE } from './class-edits.ts';
import { codeRecipe } from './code-recipe.ts';
import { fileOfExports } from './file-of-exports.ts';
import { FunctionCode } from './function-code.ts';
import { numberOf, numberOfSymbol, origins } from './identity.ts';
import { importNode } from './import-node.ts';
import { type PlatformParts, platformParts } from './platform-values.ts';
import { classesOf, fieldsByClass, keepsPrivates } from './private-state.ts';
import { boundParts, canInspect, privateFieldsOf, promiseStateOf, proxyParts } from './inspector.ts';
import { isStandardGlobal, pathOfIntrinsic, placeInBuiltins } from './intrinsics.ts';
import { type Namespace, urlOfNamespace } from './namespace.ts';
import type { CodeRecipe, PrivatesRecipe, PropertyRecipe, Recipe, RecipeNode, Ref } from './recipe.ts';
import type { Reference } from './references.ts';
import { folderOfRequire, mainModule, reduce, referenceByName, referenceTo, referenceToRequired } from './references-to.ts';
import { checkPeculiarities } from './peculiarities.ts';
import { isCodecsOwn, isPlainList, isPrimitive } from './plain-values.ts';
import { bindingAt, checkMutation, checkWrite, type Shipped } from './refusals.ts';
import { Script } from './script.ts';
import { type Capture, shareVariables } from './shared-variables.ts';
import { checkSize, type Dragged } from './size-guard.ts';

type AnyFunction = (...args: never[]) => unknown;

const copied = new WeakSet();

/** Says that a captured object is meant to be copied: that the other side changes its copy is no mistake. */
export function copy<T extends object>(value: T): T {
  copied.add(value);
  return value;
}

/** `read` may hold scopes that have been read for this message already. */
export function pack(value: unknown, read: ScopesRead = new Map()): Recipe {
  return new Packer(read).pack(value);
}

class Packer {
  readonly #nodes: RecipeNode[] = [];
  readonly #codes: CodeRecipe[] = [];
  readonly #codeNumbers = new Map<string, number>();
  readonly #known = new Map<unknown, Ref>();
  readonly #path: string[] = [];
  readonly #shipped: Shipped[] = [];
  readonly #checks: (() => void)[] = [];
  readonly #captures: Capture[] = [];
  /** Functions whose text is known when it is known what they share. */
  readonly #functions: (() => void)[] = [];
  readonly #weaks: {
    readonly value: WeakMap<object, unknown> | WeakSet<object>;
    readonly keys: Set<unknown>;
    readonly entries: [Ref, Ref][];
    readonly path: readonly string[];
  }[] = [];
  readonly #scopes: ScopesRead;
  #depth = 0;
  #mostDragged: Dragged | null = null;
  /** The variables that led to where the packer is: the last one is where a refusal points to. */
  readonly #capturing: { readonly code: FunctionCode; readonly reference: Reference }[] = [];

  constructor(read: ScopesRead) {
    this.#scopes = read;
  }

  pack(value: unknown): Recipe {
    // A list that was made for the message has a name nowhere.
    const root = isPlainList(value) ? this.#array(value) : this.#ref(value);
    while (this.#fillWeak());
    shareVariables(this.#captures, (value) => this.#add(undefined, ['cell', value]));
    for (const finish of this.#functions) finish();
    for (const check of this.#checks) check();
    checkSize(this.#shipped, this.#mostDragged);
    return { root, nodes: this.#nodes, codes: this.#codes };
  }

  readonly #refuseBy = (code: string, message: string, details: SendErrorDetails): never => this.#fail(code, message, details);

  #fail(code: string, message: string, details: SendErrorDetails = {}): never {
    const capture = this.#capturing.at(-1);
    throw new SendError(code, message, { path: [...this.#path], where: capture?.code.where(capture.reference), ...details });
  }

  #at<T>(step: string, pack: () => T): T {
    this.#path.push(step);
    const result = pack();
    this.#path.pop();
    return result;
  }

  /** A number for the node of `value`, before what the node holds is known: it may lead back to `value`. */
  #reserve(value: unknown): { readonly ref: Ref; readonly fill: (node: RecipeNode) => void } {
    const at = this.#nodes.push(['raw', null]) - 1;
    const ref = [at];
    if (value !== undefined) this.#known.set(value, ref);
    return { ref, fill: (node) => void (this.#nodes[at] = node) };
  }

  #add(value: unknown, node: RecipeNode): Ref {
    const { ref, fill } = this.#reserve(value);
    fill(node);
    return ref;
  }

  #ref(value: unknown): Ref {
    if (typeof value === 'symbol') return this.#symbol(value);
    if (typeof value !== 'function' && (typeof value !== 'object' || value === null)) return value;
    const known = this.#known.get(value);
    if (known !== undefined) return known;
    if (isShareable(value)) return this.#add(value, ['raw', value]);
    if (types.isProxy(value)) return this.#proxy(value);
    if (types.isModuleNamespaceObject(value)) return this.#namespace(value);
    // A class inherits from the class above it, but is not made as that one is.
    const factory: unknown =
      typeof value === 'function' && !Object.hasOwn(value, reduce) ? undefined : (value as { [reduce]?: unknown })[reduce];
    if (typeof factory === 'function') return this.#reduced(value, factory as AnyFunction);
    // To look for a function among the language's and Node's takes milliseconds, the first time.
    const ours = typeof value === 'function' ? referenceByName(value as AnyFunction) : undefined;
    if (ours !== undefined) return this.#add(value, ours);
    const isPrograms = typeof value === 'function' && Script.of(value)?.isKnownAsPrograms === true;
    const name = isPrograms ? undefined : nameOf(value);
    if (name !== undefined) return this.#add(value, name);
    if (typeof value !== 'function') return this.#object(value);
    const folder = folderOfRequire(value);
    return folder === null ? this.#function(value as AnyFunction) : this.#add(value, ['requirer', folder]);
  }

  /** Test runners and loaders put a Proxy around the modules that a file imports; one around anything else is refused. */
  #proxy(value: object): Ref {
    this.#checkCopy(value);
    const parts = canInspect() ? proxyParts(value) : null;
    if (parts === null || !isModule(parts.target))
      this.#fail('E_PROXY', "a Proxy can't be sent: what it does is in functions that cannot be seen", {
        hint: 'send the object behind it',
      });
    const { ref, fill } = this.#reserve(value);
    fill(['proxy', this.#ref(parts.target), this.#ref(parts.handler)]);
    return ref;
  }

  #namespace(value: object): Ref {
    const url = canInspect() ? urlOfNamespace(value as Namespace) : null;
    if (url === null)
      this.#fail('E_NAMESPACE', "a module's namespace object can't be sent as a value: which module it is can't be told", {
        hint: 'import the module inside the function',
      });
    return this.#add(value, ['import', '', url, '*', null]);
  }

  #symbol(symbol: symbol): Ref {
    const known = this.#known.get(symbol);
    if (known !== undefined) return known;
    const description = symbol.description ?? '';
    const registered = Symbol.keyFor(symbol);
    if (registered !== undefined) return this.#add(symbol, ['symbol', 'for', registered, '']);
    const name = description.startsWith('Symbol.') ? description.slice('Symbol.'.length) : '';
    if (name !== '' && (Symbol as unknown as Record<string, unknown>)[name] === symbol)
      return this.#add(symbol, ['symbol', 'known', name, '']);
    return this.#add(symbol, ['symbol', 'own', numberOfSymbol(symbol), description]);
  }

  #reduced(value: object, factory: AnyFunction): Ref {
    const { ref, fill } = this.#reserve(value);
    const [make, args] = factory.call(value as never) as [AnyFunction, readonly unknown[]];
    fill(['reduced', this.#ref(make), args.map((arg) => this.#ref(arg))]);
    return ref;
  }

  // ------------------------------------------------------------------ objects

  #object(value: object): Ref {
    const prototype = prototypeOf(value);
    if (Array.isArray(value) && prototype === Array.prototype) return this.#array(value);
    if (types.isMap(value) && prototype === Map.prototype) {
      const { ref, fill } = this.#reserve(value);
      fill(['map', [...value].map(([key, item], i) => this.#at(`entry ${i}`, () => [this.#ref(key), this.#ref(item)] as const))]);
      return ref;
    }
    if (types.isSet(value) && prototype === Set.prototype) {
      const { ref, fill } = this.#reserve(value);
      fill(['set', [...value].map((item, i) => this.#at(`item ${i}`, () => this.#ref(item)))]);
      return ref;
    }
    if (value instanceof DOMException)
      return this.#add(value, [
        'exception',
        value.name,
        value.message,
        String(value.stack),
        this.#ref((value as { cause?: unknown }).cause),
      ]);
    if (types.isNativeError(value)) return this.#error(value);
    if (isCodecsOwn(value, prototype)) return this.#add(value, ['raw', value]);
    if (value instanceof URL || value instanceof URLSearchParams)
      return this.#platform(value, [value instanceof URL ? 'URL' : 'URLSearchParams', [String(value)]]);
    if (types.isWeakMap(value) || types.isWeakSet(value)) return this.#weak(value);
    const isPlain = prototype === null || prototype === Object.prototype;
    const parts = isPlain ? null : platformParts(value);
    if (parts !== null) return this.#platform(value, parts);
    this.#refuse(value);
    if (isPlain) return this.#plain(value, prototype === null);
    this.#checkCopy(value);
    return this.#instance(value, prototype);
  }

  #array(array: readonly unknown[]): Ref {
    // Numbers and texts alone are the codec's to write, and fast.
    if (array.every(isPrimitive)) return this.#add(array, ['raw', array]);
    const { ref, fill } = this.#reserve(array);
    fill(['array', array.map((item, i) => this.#at(`[${i}]`, () => this.#ref(item)))]);
    return ref;
  }

  #platform(value: object, [path, args]: PlatformParts): Ref {
    const { ref, fill } = this.#reserve(value);
    fill(['platform', path, args.map((arg) => this.#ref(arg))]);
    return ref;
  }

  #plain(value: object, isNull: boolean): Ref {
    const { ref, fill } = this.#reserve(value);
    fill(['object', isNull, this.#properties(value), sealOf(value)]);
    return ref;
  }

  #error(error: Error): Ref {
    const { ref, fill } = this.#reserve(error);
    const prototype = this.#prototype(withoutNodesOwn(Object.getPrototypeOf(error) as object));
    fill(['error', prototype, error.message, String(error.stack), this.#properties(error, ['message', 'stack'])]);
    return ref;
  }

  #instance(value: object, prototype: object): Ref {
    const constructor = prototype.constructor as AnyFunction | undefined;
    const title = constructor?.name ?? 'object';
    const { ref, fill } = this.#reserve(value);
    this.#path.push(`instance of ${title}`);
    const levels = this.#privateLevels(value, prototype, title);
    const base = types.isMap(value)
      ? ['map', [...value].map(([key, item]) => [this.#ref(key), this.#ref(item)])]
      : types.isSet(value)
        ? ['set', [...value].map((item) => this.#ref(item))]
        : Array.isArray(value)
          ? ['array', value.length]
          : null;
    fill([
      'instance',
      this.#prototype(prototype),
      base,
      this.#properties(value, Array.isArray(value) ? ['length'] : []),
      Object.isFrozen(value),
      levels,
    ]);
    this.#path.pop();
    return ref;
  }

  /** What each class of an instance keeps in private members; refused where a class is imported, and can't be asked for them. */
  #privateLevels(value: object, prototype: object, title: string): [Ref, PrivatesRecipe][] {
    const classes = classesOf(prototype).filter((one) => keepsPrivates(FunctionCode.of(one)));
    if (classes.length === 0) return [];
    return fieldsByClass(value, classes).flatMap(([one, fields]): [Ref, PrivatesRecipe][] => {
      const code = FunctionCode.of(one);
      if (!this.#isByValue(one, code)) this.#refusePrivates(one, code, title);
      if (!code.parts.privates.markInstances) return []; // They are WeakMaps, which the class captures.
      const own = fields.map(([name, field]) => [name, this.#at(`.${name}`, () => this.#ref(field))] as const);
      return [[this.#ref(one), own]];
    });
  }

  #refusePrivates(one: AnyFunction, code: FunctionCode, title: string): never {
    const what = code.parts.privates.fields.length > 0 ? `private fields (${code.parts.privates.fields.join(', ')})` : 'private members';
    const whose =
      one.name === title ? `an instance of ${title} has ${what}` : `an instance of ${title} has ${what} of the class ${one.name}`;
    this.#fail('E_PRIVATE_STATE', `${whose} that can't be carried over, for the class is imported where it arrives`, {
      hint: `give ${one.name} a method [Symbol.for('manycore.reduce')]() { return [factory, args]; } that says how to make it again, or send the data it holds`,
    });
  }

  #isByValue(fn: AnyFunction, code: FunctionCode): boolean {
    return origins.has(fn) || (!Object.hasOwn(fn, reduce) && referenceTo(fn, code, this.#scopes) === null);
  }

  /** The prototype of a class is found by its class. */
  #prototype(prototype: object): Ref {
    const { constructor } = prototype;
    if (typeof constructor === 'function' && constructor.prototype === prototype) return ['p', this.#ref(constructor)];
    return this.#ref(prototype);
  }

  #properties(value: object, without: readonly string[] = []): PropertyRecipe[] {
    return Reflect.ownKeys(value).flatMap((key): PropertyRecipe[] => {
      if (typeof key === 'string' && without.includes(key)) return [];
      const descriptor = Object.getOwnPropertyDescriptor(value, key)!;
      const bits = (descriptor.writable ? 1 : 0) | (descriptor.enumerable ? 2 : 0) | (descriptor.configurable ? 4 : 0);
      return [
        this.#at(`.${String(key)}`, (): PropertyRecipe =>
          'value' in descriptor
            ? [this.#ref(key), bits, this.#ref(descriptor.value)]
            : [this.#ref(key), bits, this.#ref(descriptor.get), this.#ref(descriptor.set)],
        ),
      ];
    });
  }

  /** What another copy of the package shares lies in that one's memory, where nobody of this one looks. */
  #checkCopy(value: object): void {
    const copy = otherCopyOf(value);
    if (copy === null) return;
    this.#fail('E_OTHER_COPY', `a ${value.constructor.name} can't be sent: it is of ${copy}`, {
      hint: 'have one copy of the package, such as by `npm dedupe` or a peer dependency; or send it by what that copy exports',
    });
  }

  #refuse(value: object): void {
    const hint = 'open it inside the thread, or send the plain data it was made from';
    if (types.isPromise(value))
      this.#fail('E_PROMISE', `a Promise (${promiseStateOf(value)}) can't be sent`, { hint: 'await it first, and send its value' });
    if (types.isGeneratorObject(value))
      this.#fail('E_GENERATOR', "a running generator can't be sent", { hint: 'send the generator function' });
    if (/^\[object (?:Array|Map|Set|String|RegExp String) Iterator\]$/.test(Object.prototype.toString.call(value)))
      this.#fail('E_GENERATOR', "an iterator that is under way can't be sent", {
        hint: 'send what it goes over, or an array: [...iterator]',
      });
    if (value instanceof WeakRef)
      this.#fail('E_WEAK', "a WeakRef can't be sent: what it refers to belongs to this thread", {
        hint: 'send what it refers to: ref.deref()',
      });
    const name = value.constructor?.name ?? '';
    const constructor = value.constructor as AnyFunction | undefined;
    if (types.isExternal(value) || (typeof constructor === 'function' && isOfNode(constructor))) {
      this.#fail('E_NATIVE_HANDLE', `a ${name} belongs to this thread and can't be sent`, {
        hint: name === 'Module' ? 'what it exports can be sent, as `exports`, and what is to be set there can be returned' : hint,
      });
    }
  }

  /** A WeakMap or WeakSet holds over there what it holds here for the objects that travel anyway. */
  #weak(value: WeakMap<object, unknown> | WeakSet<object>): Ref {
    const { ref, fill } = this.#reserve(value);
    const keys = new Set<unknown>();
    const entries: [Ref, Ref][] = [];
    fill(['weak', types.isWeakMap(value) ? 'WeakMap' : 'WeakSet', numberOf(value), entries]);
    this.#weaks.push({ value, keys, entries, path: [...this.#path] });
    return ref;
  }

  /** Looks for keys among what has been packed so far; true when that has brought more. */
  #fillWeak(): boolean {
    let isMore = false;
    for (const { value, keys, entries, path } of this.#weaks) {
      for (const [key, ref] of this.#known) {
        if (typeof key !== 'object' || key === null || keys.has(key) || !value.has(key)) continue;
        keys.add(key);
        this.#path.splice(0, Infinity, ...path, 'an entry');
        entries.push([ref, 'get' in value ? this.#ref(value.get(key)) : null]);
        isMore = true;
      }
    }
    return isMore;
  }

  // ------------------------------------------------------------------ functions

  #function(fn: AnyFunction): Ref {
    const text = Function.prototype.toString.call(fn);
    if (text.endsWith('[native code] }')) return this.#native(fn);
    const code = FunctionCode.of(fn);
    const origin = origins.get(fn);
    const reference = origin === undefined ? referenceTo(fn, code, this.#scopes) : null;
    if (reference !== null) return this.#add(fn, reference);
    if (origin === undefined && code.script?.isNodes === true) this.#native(fn);
    return this.#byValue(fn, code);
  }

  #native(fn: AnyFunction): Ref {
    const bound = boundParts(fn);
    if (bound === null)
      this.#fail('E_NATIVE_FUNCTION', `the native function ${fn.name || '(anonymous)'} belongs to this thread and can't be sent`);
    const { ref, fill } = this.#reserve(fn);
    fill(['bound', this.#ref(bound.target), this.#ref(bound.self), bound.args.map((arg) => this.#ref(arg))]);
    return ref;
  }

  #byValue(fn: AnyFunction, code: FunctionCode): Ref {
    const { ref, fill } = this.#reserve(fn);
    const title = `${code.parts.kind === 'class' ? 'class' : 'function'} ${fn.name || '(anonymous)'}`;
    this.#path.push(code.start >= 0 ? `${title} (${code.placeInWords})` : title);
    this.#depth++;
    this.#shipped.push({ code });
    checkPeculiarities(code, this.#refuseBy);
    const origin = origins.get(fn);
    const names: string[] = [];
    const values: Ref[] = [];
    const cells = new Set<string>();
    const lookUp = variablesOf(fn, this.#scopes, this.#refuseBy);
    code.sent++;
    if (code.parts.hasHeritage) {
      names.push(HERITAGE);
      values.push(this.#at('extends', () => this.#ref(Object.getPrototypeOf(fn))));
    }
    for (const [name, references] of code.parts.free) {
      const imported = origin?.imports.get(name);
      if (imported !== undefined) {
        names.push(name);
        values.push(this.#add(undefined, imported));
        continue;
      }
      const found = lookUp(name, references[0]!, code);
      if (found === null) {
        this.#checkGlobal(name, references[0]!, code);
        continue;
      }
      const place = names.push(name) - 1;
      const value = this.#captured(name, found, references, code, origin !== undefined);
      values.push(value);
      if (found.at === undefined || origin !== undefined) continue;
      const share = (cell: Ref): void => {
        cells.add(name);
        values[place] = cell;
      };
      this.#captures.push({ name, code, references, value, share, ...found.at });
    }
    const isClass = code.parts.kind === 'class';
    const without = isClass ? ['length', 'name', 'prototype'] : ['length', 'name', 'prototype', 'arguments', 'caller'];
    const properties = isClass ? this.#statics(fn, without) : this.#properties(fn, without);
    const prototype = !isClass && this.#hasOwnPrototype(fn) ? this.#properties(fn.prototype as object, ['constructor']) : null;
    const privates = this.#staticPrivates(fn, code.parts.privates);
    this.#functions.push(() => {
      fill(['function', this.#code(code, names, cells, origin?.code), values, fn.name, numberOf(fn), properties, prototype, privates]);
    });
    this.#depth--;
    this.#path.pop();
    return ref;
  }

  /** Methods come with the class's text; values of static fields are sent, since they may have changed. */
  #statics(fn: AnyFunction, without: readonly string[]): PropertyRecipe[] {
    const methods = Object.entries(Object.getOwnPropertyDescriptors(fn)).filter(
      ([, descriptor]) => typeof descriptor.value === 'function' || !('value' in descriptor),
    );
    return this.#properties(fn, [...without, ...methods.map(([key]) => key)]);
  }

  #staticPrivates(fn: AnyFunction, { statics }: FunctionCode['parts']['privates']): PrivatesRecipe {
    if (statics.length === 0) return [];
    const fields = privateFieldsOf(fn).filter(({ name }) => statics.includes(name));
    return fields.map(({ name, value }) => [name, this.#at(`.${name}`, () => this.#ref(value))]);
  }

  #hasOwnPrototype(fn: AnyFunction): boolean {
    const prototype: unknown = fn.prototype;
    return typeof prototype === 'object' && prototype !== null && Reflect.ownKeys(prototype).some((key) => key !== 'constructor');
  }

  #captured(name: string, { value, scope }: Found, references: readonly Reference[], code: FunctionCode, isFromElsewhere: boolean): Ref {
    // A function that came here was looked at where it was written; what it captures here is its own copy.
    const isChecked = this.#depth === 1 && !isFromElsewhere;
    const write = references.find(({ isWrite }) => isWrite);
    if (write !== undefined && isChecked) this.#checks.push(() => checkWrite(name, write, code, this.#shipped));
    const imported = importNode(name, scope, code);
    if (value === undefined && imported === null && IS_TDZ_SILENT) this.#checkSilentTdz(name, references[0]!, code);
    if (imported !== null) return this.#add(undefined, imported);
    const file = typeof value === 'object' && value !== null ? fileOfExports(value, mainModule()) : null;
    const required = file === null ? null : referenceToRequired(file, []);
    if (required !== null) return this.#add(value, required);
    const before = this.#shipped.length;
    this.#capturing.push({ code, reference: references[0]! });
    const ref = this.#at(`captured variable '${name}'`, () => this.#ref(value));
    this.#capturing.pop();
    const functions = this.#shipped.length - before;
    if (this.#depth === 1 && functions > (this.#mostDragged?.functions ?? 0)) this.#mostDragged = { name, code, functions };
    const mutation = references.find((reference) => reference.mutation !== null);
    if (mutation !== undefined && isChecked && isMutableCopy(value) && !copied.has(value)) {
      this.#checks.push(() => checkMutation(name, mutation, value, code, this.#shipped));
    }
    return ref;
  }

  /** Node 20 shows a variable that is not initialised yet as undefined: told by a declaration that never gives that. */
  #checkSilentTdz(name: string, reference: Reference, code: FunctionCode): void {
    const constant = bindingAt(code.inScript(reference.start), name, code)?.constant;
    if (constant && NEVER_UNDEFINED.test(constant.type)) refuseNotInitialised(name, reference, code, this.#refuseBy);
  }

  #checkGlobal(name: string, reference: Reference, code: FunctionCode): void {
    if (isStandardGlobal(name) || !(name in globalThis)) return;
    this.#fail('E_CUSTOM_GLOBAL', `the function uses the global \`${name}\`, which this program has added`, {
      where: code.where(reference),
      hint: `import it from a module, or assign it to a variable first: const local = ${name}`,
    });
  }

  #code(code: FunctionCode, names: readonly string[], cells: ReadonlySet<string>, known: CodeRecipe | undefined): number {
    const recipe = known ?? codeRecipe(code, names, cells);
    let title = recipe.key;
    let number = this.#codeNumbers.get(title);
    // Code that was made while the program runs has no file of its own.
    if (number !== undefined && this.#codes[number]!.text !== recipe.text) number = this.#codeNumbers.get((title += recipe.text));
    if (number === undefined) this.#codeNumbers.set(title, (number = this.#codes.push(recipe) - 1));
    return number;
  }
}

const NEVER_UNDEFINED =
  /^(Literal|TemplateLiteral|ArrayExpression|ObjectExpression|FunctionExpression|ArrowFunctionExpression|Class\w+|NewExpression|BinaryExpression|UpdateExpression)$/;

/** By which every thread finds it, if it is the language's or Node's. */
function nameOf(value: object): RecipeNode | undefined {
  const path = pathOfIntrinsic(value);
  if (path !== undefined) return ['global', path];
  const builtin = placeInBuiltins(value);
  return builtin === undefined ? undefined : ['builtin', builtin.module, builtin.path];
}

/** A module's namespace, or the exports of one that was compiled to CommonJS. */
const isModule = (value: unknown): boolean =>
  types.isModuleNamespaceObject(value) || (typeof value === 'object' && value !== null && Object.hasOwn(value, '__esModule'));

/** Some of Node's errors have a class in between that nobody can see: its prototype says that its class is the one above. */
function withoutNodesOwn(prototype: object): object {
  const says = Object.getOwnPropertyDescriptor(prototype, 'constructor')?.get;
  return says !== undefined && pathOfIntrinsic(prototype.constructor) !== undefined
    ? (Object.getPrototypeOf(prototype) as object)
    : prototype;
}

/** Instances of Node's own classes hold something of the system; those that only hold data are the codec's. */
function isOfNode(constructor: AnyFunction): boolean {
  if (pathOfIntrinsic(constructor) !== undefined)
    return constructor.name !== 'Object' && !/^(Array|Map|Set|Error|EventEmitter)$/.test(constructor.name);
  const place = placeInBuiltins(constructor);
  if (place !== undefined) return !(place.module === 'events' && constructor.name === 'EventEmitter');
  return Function.prototype.toString.call(constructor).endsWith('[native code] }') || FunctionCode.of(constructor).script?.isNodes === true;
}

function isMutableCopy(value: unknown): value is object {
  if (typeof value !== 'object' || value === null || isShareable(value)) return false;
  // What a thread adds there is about objects of its own.
  if (types.isWeakMap(value) || types.isWeakSet(value)) return false;
  return !(ArrayBuffer.isView(value) && types.isSharedArrayBuffer(value.buffer)) && !types.isSharedArrayBuffer(value);
}

function sealOf(value: object): '' | 'extensible' | 'sealed' | 'frozen' {
  if (Object.isExtensible(value)) return '';
  return Object.isFrozen(value) ? 'frozen' : Object.isSealed(value) ? 'sealed' : 'extensible';
}
