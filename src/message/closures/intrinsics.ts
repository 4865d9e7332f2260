import Module from 'node:module';
import { otherRealmOf } from '../realm.ts';
import type { Step } from './recipe.ts';

/*
 * Objects that every thread has anyway, found by identity: JavaScript's own, and what Node's modules export. They
 * travel as a path. Accessors are never called on the way.
 */
const ROOTS =
  'Object Function Array Number Boolean String Symbol Date Promise RegExp Error AggregateError EvalError RangeError ReferenceError SyntaxError TypeError URIError JSON Math Intl ArrayBuffer SharedArrayBuffer Atomics DataView Int8Array Uint8Array Uint8ClampedArray Int16Array Uint16Array Int32Array Uint32Array Float32Array Float64Array BigInt64Array BigUint64Array Map BigInt Set WeakMap WeakSet WeakRef Proxy Reflect FinalizationRegistry Iterator decodeURI decodeURIComponent encodeURI encodeURIComponent escape unescape eval isFinite isNaN parseFloat parseInt queueMicrotask setTimeout clearTimeout setInterval clearInterval setImmediate clearImmediate structuredClone URL URLSearchParams TextEncoder TextDecoder Buffer AbortController AbortSignal Event EventTarget MessageChannel MessagePort WebAssembly fetch Headers Request Response Blob FormData ReadableStream WritableStream TransformStream'.split(
    ' ',
  );

/** Prototypes that have no name, and how to get at them. */
export const NAMELESS: Readonly<Record<string, () => unknown>> = {
  asyncFunction: () => Object.getPrototypeOf(async () => {}) as unknown,
  generatorFunction: () => Object.getPrototypeOf(function* () {}) as unknown,
  asyncGeneratorFunction: () => Object.getPrototypeOf(async function* () {}) as unknown,
  typedArray: () => Object.getPrototypeOf(Uint8Array) as unknown,
  arrayIterator: () => Object.getPrototypeOf([][Symbol.iterator]()) as unknown,
  mapIterator: () => Object.getPrototypeOf(new Map()[Symbol.iterator]()) as unknown,
  setIterator: () => Object.getPrototypeOf(new Set()[Symbol.iterator]()) as unknown,
};

const IS_NODE_20 = process.versions.node.startsWith('20.');
const STANDARD_GLOBALS = new Set(Object.getOwnPropertyNames(globalThis));

const known = new Map<unknown, readonly Step[]>([[globalThis, []]]);

/** Globals that hold objects whose members are looked at, and no deeper. */
const HOLDERS = new Set(['process', 'console', 'performance', 'crypto', 'navigator']);

/**
 * Globals that Node loads when somebody asks for them, by the modules that they come from: that would take 50 ms. Nobody can send what is not
 * loaded.
 */
const LAZY: readonly (readonly [module: string, names: string])[] = [
  [
    'perf_hooks',
    'performance Performance PerformanceEntry PerformanceMark PerformanceMeasure PerformanceObserver PerformanceObserverEntryList PerformanceResourceTiming',
  ],
  ['internal/crypto/webcrypto', 'crypto Crypto CryptoKey SubtleCrypto'],
  [
    'internal/webstreams/readablestream',
    'ReadableStream ReadableStreamDefaultReader ReadableStreamBYOBReader ReadableStreamBYOBRequest ReadableByteStreamController ReadableStreamDefaultController',
  ],
  ['internal/webstreams/writablestream', 'WritableStream WritableStreamDefaultController WritableStreamDefaultWriter'],
  ['internal/webstreams/transformstream', 'TransformStream TransformStreamDefaultController'],
  ['internal/webstreams/queuingstrategies', 'ByteLengthQueuingStrategy CountQueuingStrategy'],
  ['internal/webstreams/encoding', 'TextEncoderStream TextDecoderStream'],
  ['internal/webstreams/compression', 'CompressionStream DecompressionStream'],
  ['internal/file', 'File'],
  ['internal/navigator', 'navigator Navigator'],
  ['internal/webstorage', 'Storage'],
  ['internal/worker/clone_dom_exception', 'QuotaExceededError'],
  ['internal/worker/io', `BroadcastChannel${IS_NODE_20 ? ' MessageEvent' : ''}`],
  [
    'internal/deps/undici/undici',
    `Headers Request Response FormData WebSocket EventSource CloseEvent ErrorEvent${IS_NODE_20 ? '' : ' MessageEvent'}`,
  ],
];
/** Those that have not been loaded yet, each group under the word by which Node's list of what it has loaded names their module. */
const pending = new Map(LAZY.map(([module, names]) => [`NativeModule ${module}`, names.split(' ')]));
let isIndexed = false;
/** How many of Node's modules had been loaded when we last looked. */
let loadedThen = -1;

/** Notes what has been loaded since. */
function reindex(): void {
  if (!isIndexed) {
    isIndexed = true;
    const lazy = new Set([...pending.values()].flat());
    indexFrom((add) => {
      for (const name of ROOTS) if (!lazy.has(name)) addRoot(name, add);
      for (const name of STANDARD_GLOBALS)
        if (!lazy.has(name)) addMember(name, Object.getOwnPropertyDescriptor(globalThis, name)?.value, add);
      for (const name of HOLDERS) if (!lazy.has(name)) addHolder(name, add);
      for (const [name, get] of Object.entries(NAMELESS)) add(get(), [['nameless', name]], 2);
    }, known);
  }
  const { moduleLoadList } = process as unknown as { readonly moduleLoadList: readonly string[] };
  if (moduleLoadList.length === loadedThen) return;
  loadedThen = moduleLoadList.length;
  for (const [module, names] of pending) {
    if (!moduleLoadList.includes(module)) continue;
    pending.delete(module);
    indexFrom((add) => {
      for (const name of names) {
        if (ROOTS.includes(name)) addRoot(name, add);
        else if (HOLDERS.has(name)) addHolder(name, add);
        else addMember(name, (globalThis as Record<string, unknown>)[name], add);
      }
    }, known);
  }
}

/** Whether Node has yet to load what this global holds: a look at it would have it loaded. */
export function isUnloadedGlobal(name: PropertyKey): boolean {
  const { moduleLoadList } = process as unknown as { readonly moduleLoadList: readonly string[] };
  for (const [module, names] of pending) if ((names as PropertyKey[]).includes(name)) return !moduleLoadList.includes(module);
  return false;
}

/** Of `process`: another module in each thread, and none in a process of ours. */
const MAIN_MODULE = 'mainModule';

type Add = (value: unknown, path: readonly Step[], depth: number) => void;

function addRoot(name: string, add: Add): void {
  if (name in globalThis) add((globalThis as Record<string, unknown>)[name], [name], 3);
}

function addMember(name: string, value: unknown, add: Add): void {
  if (typeof value === 'function') add(value, [name], 2);
}

function addHolder(name: string, add: Add): void {
  const value = (globalThis as Record<string, unknown>)[name] as object | undefined;
  if (value === undefined) return;
  add(value, [name], 0);
  for (const key of Object.getOwnPropertyNames(value))
    if (key !== MAIN_MODULE) add(Object.getOwnPropertyDescriptor(value, key)!.value, [name, key], 0);
}

type Index = Pick<WeakMap<object, readonly Step[]>, 'has' | 'set'>;

/** Finds what can be reached from what `begin` adds. */
function indexFrom(begin: (add: Add) => void, index: Index): void {
  const open: { readonly value: object; readonly path: readonly Step[]; readonly depth: number }[] = [];
  const add: Add = (value, path, depth) => {
    if ((typeof value !== 'object' && typeof value !== 'function') || value === null || known.has(value) || index.has(value)) return;
    index.set(value, path);
    if (depth > 0) open.push({ value, path, depth });
  };
  begin(add);
  // Breadth first: the shortest path wins.
  for (const { value, path, depth } of open) {
    for (const key of Reflect.ownKeys(value)) {
      if (typeof key === 'symbol' && !String(key.description).startsWith('Symbol.')) continue;
      const step: Step = typeof key === 'symbol' ? ['symbol', key.description!.slice('Symbol.'.length)] : key;
      const descriptor = Object.getOwnPropertyDescriptor(value, key)!;
      if ('value' in descriptor) add(descriptor.value, [...path, step], depth - 1);
      else if (typeof key === 'string') {
        add(descriptor.get, [...path, ['get', key]], 0);
        add(descriptor.set, [...path, ['set', key]], 0);
      }
    }
    add(Object.getPrototypeOf(value), [...path, ['prototype']], depth - 1);
  }
}

/** The way from the global object to a part of the language; `undefined` when it is none. */
export function pathOfIntrinsic(value: unknown): readonly Step[] | undefined {
  const path = known.get(value);
  if (path !== undefined) return path;
  reindex();
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return undefined;
  return known.get(value) ?? pathInOtherRealm(value);
}

/** The intrinsics of other realms, for as long as these are there. */
const elsewhere = new WeakMap<object, readonly Step[]>();

/** What is this in another realm is the same of that name here. */
function pathInOtherRealm(value: object): readonly Step[] | undefined {
  const realm = otherRealmOf(value);
  if (realm === null) return undefined;
  if (!elsewhere.has(realm)) {
    elsewhere.set(realm, []);
    indexFrom((add) => {
      for (const name of ROOTS) add(Object.getOwnPropertyDescriptor(realm, name)?.value, [name], 3);
    }, elsewhere);
  }
  return elsewhere.get(value);
}

export function isStandardGlobal(name: string): boolean {
  return STANDARD_GLOBALS.has(name) || ROOTS.includes(name);
}

const builtins = new Map<unknown, { readonly module: string; readonly path: readonly string[] }>();
/** How many of the modules that this thread has loaded have been looked through: Node's list of them only grows. */
let read = 0;

/** Where one of Node's modules exports a value. Only modules that are loaded here are looked through. */
export function placeInBuiltins(value: unknown): { readonly module: string; readonly path: readonly string[] } | undefined {
  const found = builtins.get(value);
  if (found !== undefined) return found;
  const loaded = (process as unknown as { moduleLoadList: readonly string[] }).moduleLoadList;
  if (read === loaded.length) return undefined;
  while (read < loaded.length) {
    const name = /^NativeModule (?!internal\/)(.+)$/.exec(loaded[read++]!)?.[1];
    if (name === undefined) continue;
    if (Module.isBuiltin(name) && !name.startsWith('_') && name !== 'punycode' && name !== 'sys') readBuiltin(name);
  }
  return builtins.get(value);
}

function readBuiltin(module: string): void {
  const exports = process.getBuiltinModule(module) as unknown as object | undefined;
  const add = (value: unknown, path: readonly string[]): void => {
    if (((typeof value === 'object' && value !== null) || typeof value === 'function') && !builtins.has(value))
      builtins.set(value, { module, path });
  };
  const members = (of: object): [string, unknown][] =>
    Object.getOwnPropertyNames(of).flatMap((key): [string, unknown][] => {
      const descriptor = Object.getOwnPropertyDescriptor(of, key)!;
      return 'value' in descriptor ? [[key, descriptor.value]] : [];
    });
  if (exports === undefined) return;
  add(exports, []);
  const first = members(exports);
  for (const [key, value] of first) {
    add(value, [key]);
    if (typeof value === 'function' && value.prototype) add(value.prototype, [key, 'prototype']);
  }
  for (const [key, value] of first) {
    if (typeof value === 'function' || ['promises', 'posix', 'win32', 'default', 'types', 'strict'].includes(key)) {
      for (const [inner, member] of members(value as object)) if (typeof member === 'function') add(member, [key, inner]);
    }
  }
}

/** Follows a path from the global object or a module. */
export function follow(start: unknown, path: readonly Step[]): unknown {
  let at: unknown = start;
  for (const step of path) {
    if (typeof step === 'string') at = (at as Record<string, unknown>)[step];
    else if (step[0] === 'symbol') at = (at as Record<symbol, unknown>)[(Symbol as unknown as Record<string, symbol>)[step[1]!]!];
    else if (step[0] === 'nameless') at = NAMELESS[step[1]!]!();
    else if (step[0] === 'prototype') at = Object.getPrototypeOf(at) as unknown;
    else at = Object.getOwnPropertyDescriptor(at, step[1]!)?.[step[0] as 'get' | 'set'];
  }
  return at;
}
