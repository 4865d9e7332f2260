import { createRequire } from 'node:module';
import { realpathSync } from 'node:fs';
import { extname } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { types } from 'node:util';
import { workerData } from 'node:worker_threads';
import { canRequireModules, quietly } from '../require-module.ts';
import { type FunctionCode, SENT_OFTEN } from './function-code.ts';
import type { ScopesRead } from './captured-variables.ts';
import { canInspect, scopesFor } from './inspector.ts';
import type { ExportName, Script } from './script.ts';
import { tsNodeHere } from './ts-node-loader.ts';
import { loadedFrom, TYPESCRIPT } from './tsx-loader.ts';
import type { RecipeNode } from './recipe.ts';

/*
 * Functions and classes that a loaded module exports travel by reference: the receiver imports the module. The main
 * module never does: it would be run again.
 */
const require = createRequire(import.meta.url);

let mainUrl: string | undefined;

/** The URL of the program's main module. */
export function mainModule(): string {
  if (mainUrl !== undefined) return mainUrl;
  const told = (workerData as { manycoreMain?: unknown } | null)?.manycoreMain;
  const path = process.argv[1];
  if (typeof told === 'string') mainUrl = told;
  else if (path === undefined) mainUrl = '';
  else {
    try {
      mainUrl = pathToFileURL(realpathSync(path)).href;
    } catch {
      mainUrl = pathToFileURL(path).href;
    }
  }
  return mainUrl;
}

/** Tells a thread or a process which module is the program's, since its own first module is ours. */
export function setMainModule(url: string): void {
  mainUrl = url;
}

const byValue = new Set<string>();

/** Has what a module exports travel by value: for modules that a receiver can't import. */
export function forceByValue(url: string | URL): void {
  byValue.add(String(url));
}

const classesByValue = new WeakSet<AnyFunction>();

/** Has a class travel by value, though it could be imported. */
export function sendByValue(made: AnyFunction): void {
  classesByValue.add(made);
}

/** The method by which an object says how it is made again: `[factory, args]`. */
export const reduce: unique symbol = Symbol.for('manycore.reduce') as never;

const withoutQuery = (url: string): string => url.replace(/[?#].*$/, '');
export const asUrl = (url: string): string => (url.startsWith('/') ? pathToFileURL(url).href : url);

type AnyFunction = (...args: never[]) => unknown;
type Variables = Readonly<Record<string, unknown>>;

const known = new WeakMap<AnyFunction, RecipeNode>();

/**
 * Names what a module of ours exports, so that it travels by reference at once, also where V8 can't be asked.
 * `url` is the module's `import.meta.url`.
 */
export function nameExports(
  url: string,
  exports: Readonly<Record<string, AnyFunction | (abstract new (...args: never[]) => object)>>,
): void {
  for (const [name, value] of Object.entries(exports)) {
    const { length } = Function.prototype.toString.call(value);
    named.set(value, ['export', url, [name], length]);
  }
}
const named = new WeakMap<object, RecipeNode>();

/** The reference of a function that a module of ours has named. */
export function referenceByName(fn: AnyFunction): RecipeNode | undefined {
  return named.get(fn);
}

/** How to import this function, or `null` when it has to go by value. */
export function referenceTo(fn: AnyFunction, code: FunctionCode, read: ScopesRead): RecipeNode | null {
  if (classesByValue.has(fn)) return null;
  const before = known.get(fn);
  if (before !== undefined && byValue.size === 0) return before;
  const found = findReference(fn, code, read);
  if (found !== null) known.set(fn, found);
  return found;
}

/** Where a script lies, by the URL that V8 has of it; `null` for one that is no file. */
const places = new Map<string, { readonly url: string; readonly file: string } | null>();

function placeOf(codeUrl: string): { readonly url: string; readonly file: string } | null {
  let place = places.get(codeUrl);
  if (place === undefined) {
    const url = asUrl(withoutQuery(codeUrl));
    places.set(codeUrl, (place = url.startsWith('file:') ? { url, file: fileURLToPath(url) } : null));
  }
  return place;
}

function findReference(fn: AnyFunction, code: FunctionCode, read: ScopesRead): RecipeNode | null {
  const place = placeOf(code.url);
  if (place === null || place.url === mainModule() || byValue.has(place.url)) return null;
  const { url, file } = place;
  const loaded = loadedFrom(file);
  if (loaded?.loaded === true && !types.isModuleNamespaceObject(loaded.exports)) {
    const path = pathIn(loaded.exports, fn);
    return path === null ? null : referenceToRequired(file, path);
  }
  return canInspect() ? exportOf(fn, code, asUrl(code.url), read) : exportOfNamespace(fn, code, url);
}

/** How another thread requires what a CommonJS module exports; null when only a loader that is here alone, as jiti, can load it. */
export function referenceToRequired(file: string, path: readonly string[]): RecipeNode | null {
  const tsNode = tsNodeHere();
  const isLoadable = tsNode !== null || !TYPESCRIPT.test(file) || extname(file) in require.extensions;
  return isLoadable ? ['require', file, path, tsNode] : null;
}

function exportOf(fn: AnyFunction, code: FunctionCode, url: string, read: ScopesRead): RecipeNode | null {
  const { script } = code;
  if (script === null) return null;
  // To parse the script for the others takes longer than all else.
  return exportAmong(script.plainExports(), fn, code, url, read) ?? exportAmong(script.exports(), fn, code, url, read);
}

function exportAmong(
  exports: readonly ExportName[],
  fn: AnyFunction,
  code: FunctionCode,
  url: string,
  read: ScopesRead,
): RecipeNode | null {
  if (exports.length === 0) return null;
  const variables = exportedVariables(fn, code, read);
  for (const { name, local } of exports) {
    if (local === null) {
      if (name === 'default' && isDefaultExport(code)) return ['export', url, ['default'], code.text.length];
      continue;
    }
    const path = pathIn(readVariable(variables, local), fn);
    if (path !== null) return ['export', url, [name, ...path], code.text.length];
  }
  return null;
}

/** What the exported variables of a script hold that are never assigned again: to look into them does not take V8. */
const constants = new WeakMap<Script, Variables>();

function exportedVariables(fn: AnyFunction, code: FunctionCode, read: ScopesRead): Variables | undefined {
  const script = code.script!;
  const before = constants.get(script);
  if (before !== undefined) return before;
  const variables = scopesFor(fn, read).find(({ type }) => type === 'Module')?.variables;
  // The whole script is looked through for it.
  if (variables === undefined || code.sent < SENT_OFTEN || !areConstant(script, variables)) return variables;
  const held = Object.fromEntries(
    script.exports().flatMap(({ local }) => (local === null ? [] : [[local, readVariable(variables, local)]])),
  );
  constants.set(script, held);
  return held;
}

/** Whether all that a script exports has its value, and keeps it. */
function areConstant(script: Script, variables: Variables): boolean {
  let names = kept.get(script);
  if (names === undefined) kept.set(script, (names = namesKept(script)));
  // One that V8 does not show, for no function captures it, it will never show.
  return names?.every((name) => !(name in variables) || readVariable(variables, name) !== undefined) ?? false;
}

/** The variables that a script exports, where it assigns to none of them; `null` otherwise. */
const kept = new WeakMap<Script, readonly string[] | null>();

function namesKept(script: Script): readonly string[] | null {
  const analysis = script.analysis();
  if (analysis === null || analysis.directEval !== null) return null;
  const names = new Set(script.exports().flatMap(({ local }) => (local === null ? [] : [local])));
  return analysis.references.some(({ name, isWrite, start, binding }) => isWrite && names.has(name) && start !== binding?.at)
    ? null
    : [...names];
}

/** Where V8 can't be asked: the module is loaded, so to require it runs nothing. */
function exportOfNamespace(fn: AnyFunction, code: FunctionCode, url: string): RecipeNode | null {
  if (code.script?.isModule !== true || !canRequireModules()) return null;
  try {
    const namespace = quietly(() => require(fileURLToPath(url)) as Record<string, unknown>);
    for (const [name, value] of Object.entries(namespace)) {
      const path = pathIn(value, fn);
      if (path !== null) return ['export', url, [name, ...path], code.text.length];
    }
  } catch {
    // A module that can't be required: with top-level await, or not yet loaded.
  }
  return null;
}

/** What a variable or an export holds. */
export function readVariable(variables: Variables | undefined, name: string): unknown {
  try {
    return variables?.[name];
  } catch {
    return undefined; // Not initialised yet.
  }
}

function isDefaultExport({ script, start, text }: FunctionCode): boolean {
  return /export\s+default[\s(]*$/.test(script!.source.slice(Math.max(0, start - 60), start)) && text.length > 0;
}

/** The way from what a module exports to a function in it: itself, a member, or a member's member. */
function pathIn(exported: unknown, fn: AnyFunction): string[] | null {
  if (exported === fn) return [];
  if (((typeof exported !== 'object' || exported === null) && typeof exported !== 'function') || types.isProxy(exported)) return null;
  // What compilers make of a module's exports are getters that give a variable.
  const isCompiled = Object.hasOwn(exported, '__esModule');
  for (const key of Object.getOwnPropertyNames(exported)) {
    const { value, get } = Object.getOwnPropertyDescriptor(exported, key)! as { readonly value?: unknown; readonly get?: () => unknown };
    if (isCompiled && get !== undefined && readGetter(exported, get) === fn) return [key];
    if (value === fn) return [key];
    if (typeof value === 'function' && !types.isProxy(value)) {
      for (const inner of Object.getOwnPropertyNames(value))
        if (Object.getOwnPropertyDescriptor(value, inner)!.value === fn) return [key, inner];
    }
  }
  return null;
}

function readGetter(exported: object, get: () => unknown): unknown {
  try {
    return get.call(exported);
  } catch {
    return undefined; // Not initialised yet.
  }
}

/** Where a CommonJS module's `require`, or one that `createRequire` made, looks from; null for any other function. */
export function folderOfRequire(value: object): string | null {
  const { resolve, cache } = value as Partial<NodeJS.Require>;
  if (cache !== require.cache || typeof resolve?.paths !== 'function') return null;
  return resolve.paths('./')?.[0] ?? null;
}
