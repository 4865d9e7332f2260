import { types } from 'node:util';
import { isShareable } from '../../word/shareable.ts';
import type { FunctionParts } from '../packer.ts';
import { numberOfShape } from '../shapes.ts';
import type { NamedNode } from './by-name.ts';
import { type Found, IS_TDZ_SILENT, isDeclared, type LookUp, type ScopesRead, variablesOf } from './captured-variables.ts';
import { codeRecipe } from './code-recipe.ts';
import { FunctionCode } from './function-code.ts';
import { numberOf, origins } from './identity.ts';
import { importNode } from './import-node.ts';
import { isStandardGlobal, pathOfIntrinsic, placeInBuiltins } from './intrinsics.ts';
import { checkPeculiarities } from './peculiarities.ts';
import { isPlainCapture } from './plain-values.ts';
import type { CodeRecipe, RecipeNode } from './recipe.ts';
import type { Reference } from './references.ts';
import { folderOfRequire, reduce, referenceByName, referenceTo } from './references-to.ts';
import { Script } from './script.ts';

/*
 * Most functions that are sent need no recipe: one that a module exports has a name, and one that was sent before differs from the last time only
 * in what it captures. Such a function is written by the codec as a number, under which every thread finds the name or the text (they lie in the
 * table of shapes), followed by the values of its variables.
 *
 * That is so when it assigns to nothing that it captures, has no properties, and captures nothing but plain data, shared things and functions
 * of this kind. Whatever is beyond that is for `pack` to describe or to refuse.
 */
type AnyFunction = (...args: never[]) => unknown;

/** What a number stands for. */
export type KnownFunction =
  | readonly [node: NamedNode]
  /** `imports`: what import statements bind, by the places of the variables; null for one that is sent each time. */
  | readonly [code: CodeRecipe, imports: readonly (NamedNode | null)[], name: string];

/** A variable that is sent each time. */
interface Variable {
  readonly name: string;
  readonly reference: Reference;
}
interface Plan {
  readonly number: number;
  readonly title: string;
  readonly variables: readonly Variable[];
}

/** The table has room for some thousand shapes of objects, too: a program that makes functions from texts, again and again, must not fill it. */
const KNOWN_MAX = 1024;
/** Longer texts are not kept in the memory that all threads share. */
const TEXT_MAX = 16_384;
const NOTHING: readonly never[] = [];

/** `null`: such functions need a recipe. */
const plans = new WeakMap<FunctionCode, Plan | null>();
const named = new WeakMap<AnyFunction, FunctionParts | null>();
/** Functions that capture nothing which is sent: what was written last says all about them. */
const unchanging = new WeakMap<AnyFunction, readonly [parts: FunctionParts, title: string]>();
const referred = new WeakMap<RecipeNode, FunctionParts | null>();

let numbered = 0;

/** A number for all threads; -1 when there are so many already. */
function numberOfKnown(known: KnownFunction): number {
  return numbered++ < KNOWN_MAX ? numberOfShape([JSON.stringify(known)]) : -1;
}

/** What the codec writes of a function, or `null` when it needs a recipe, or is met for the first time. */
export function functionParts(fn: AnyFunction, read: ScopesRead): FunctionParts | null {
  if (types.isProxy(fn) || Object.hasOwn(fn, reduce)) return null;
  const before = unchanging.get(fn);
  if (before !== undefined && before[1] === fn.name && hasOnlyItsOwn(fn) && !isDeclared(fn)) return before[0];
  const parts = named.get(fn);
  return parts === undefined ? partsOf(fn, read) : parts;
}

function partsOf(fn: AnyFunction, read: ScopesRead): FunctionParts | null {
  const ours = referenceByName(fn);
  if (ours !== undefined) return partsByName(fn, ours as NamedNode, named);
  const script = Script.of(fn);
  // To look for it among what Node has takes milliseconds, the first time.
  if (script?.isKnownAsPrograms !== true) {
    const path = pathOfIntrinsic(fn);
    if (path !== undefined) return partsByName(fn, ['global', path], named);
    const builtin = placeInBuiltins(fn);
    if (builtin !== undefined) return partsByName(fn, ['builtin', builtin.module, builtin.path], named);
  }
  if (script === null || origins.has(fn) || folderOfRequire(fn) !== null) return null;
  const code = FunctionCode.of(fn);
  const reference = referenceTo(fn, code, read);
  if (reference !== null) return referred.get(reference) ?? partsByName(reference, reference as NamedNode, referred);
  // What is sent for the first time goes by `pack`: most functions are sent once, and what there is to be said against it, `pack` says.
  return code.sent === 0 || code.script?.isNodes === true ? null : partsByValue(fn, code, read);
}

function partsByName<K extends object>(key: K, node: NamedNode, kept: WeakMap<K, FunctionParts | null>): FunctionParts | null {
  const number = numberOfKnown([node]);
  const parts = number < 0 ? null : { number, id: null, values: NOTHING };
  kept.set(key, parts);
  return parts;
}

function partsByValue(fn: AnyFunction, code: FunctionCode, read: ScopesRead): FunctionParts | null {
  const known = plans.get(code);
  if (known === null || (known !== undefined && known.title !== fn.name) || !hasOnlyItsOwn(fn) || isDeclared(fn)) return null;
  const lookUp = variablesOf(fn, read, refuse);
  try {
    const plan = known ?? newPlan(fn.name, code, lookUp);
    plans.set(code, plan);
    const values = plan === null ? null : valuesOf(plan.variables, code, lookUp);
    if (values === null) return null;
    code.sent++;
    const parts: FunctionParts = { number: plan!.number, id: numberOf(fn), values };
    if (values.length === 0) unchanging.set(fn, [parts, plan!.title]);
    return parts;
  } catch (error) {
    if (error !== REFUSED) throw error;
    return null;
  }
}

const REFUSED: unique symbol = Symbol('needs a recipe');
const refuse = (): never => {
  throw REFUSED;
};

const ITS_OWN: ReadonlySet<unknown> = new Set(['length', 'name', 'prototype', 'arguments', 'caller']);

/** Whether a function has no other properties than all functions have. */
export function hasOnlyItsOwn(fn: AnyFunction): boolean {
  for (const key of Reflect.ownKeys(fn)) if (!ITS_OWN.has(key)) return false;
  const prototype: unknown = fn.prototype;
  return typeof prototype !== 'object' || prototype === null || Reflect.ownKeys(prototype).every((key) => key === 'constructor');
}

function newPlan(title: string, code: FunctionCode, lookUp: LookUp): Plan | null {
  if (!isPlainCode(code)) return null;
  checkPeculiarities(code, refuse);
  const names: string[] = [];
  const imports: (NamedNode | null)[] = [];
  const variables: Variable[] = [];
  for (const [name, [reference]] of code.parts.free) {
    const found = lookUp(name, reference!, code);
    if (found === null) {
      if (!isStandardGlobal(name)) return null;
      continue;
    }
    names.push(name);
    const node = importNode(name, found.scope, code);
    // How it has to be loaded is more than a name.
    if (node?.[0] === 'import' && node[4] !== null) return null;
    imports.push(node);
    if (node === null) variables.push({ name, reference: reference! });
  }
  const number = numberOfKnown([codeRecipe(code, names), imports, title]);
  return number < 0 ? null : { number, title, variables };
}

function isPlainCode({ start, script, text, parts: { kind, free, assigns } }: FunctionCode): boolean {
  if (kind === 'class' || assigns || start < 0 || text.length > TEXT_MAX) return false;
  // Where variables may come up later, by eval, a name that is nobody's may become somebody's.
  if (script?.isModule !== true && /\beval\b/.test(script?.source ?? '')) return false;
  for (const references of free.values()) if (references.some(({ mutation }) => mutation !== null)) return false;
  return true;
}

function valuesOf(variables: readonly Variable[], code: FunctionCode, lookUp: LookUp): unknown[] | null {
  const values: unknown[] = [];
  for (const { name, reference } of variables) {
    const found: Found | null = lookUp(name, reference, code);
    if (found === null) return null;
    const { value } = found;
    // It may be one that is not initialised yet.
    if (value === undefined && IS_TDZ_SILENT) return null;
    if (typeof value !== 'function' && !isShareable(value) && !isPlainCapture(value)) return null;
    values.push(value);
  }
  return values;
}
