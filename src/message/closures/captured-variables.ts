import { otherRuntime } from '../../base/runtime.ts';
import type { SendErrorDetails } from '../send-error.ts';
import { FunctionCode, SENT_OFTEN } from './function-code.ts';
import { canInspect, type FunctionScope, scopesFor } from './inspector.ts';
import { isStandardGlobal } from './intrinsics.ts';
import type { Binding, Reference } from './references.ts';
import { bindingAt } from './refusals.ts';
import type { Capture } from './shared-variables.ts';

type AnyFunction = (...args: never[]) => unknown;

/** A captured variable. */
export interface Found {
  readonly value: unknown;
  /** The type of its scope. */
  readonly scope: string;
  readonly at?: Pick<Capture, 'scope' | 'depth'>;
}
interface FoundInScope extends Found {
  /** The scopes of the function that captures it, and which of them is the variable's. */
  readonly scopes: Scopes;
  readonly index: number;
}

type Scopes = readonly FunctionScope[];
/** What has been read for one message: the scopes of functions, as they are at that moment. */
export type ScopesRead = Map<unknown, Scopes>;

/** `null` when nothing that is captured has this name. */
export type LookUp = (name: string, reference: Reference, code: FunctionCode) => Found | null;
type Fail = (code: string, message: string, details: SendErrorDetails) => never;

const captured = new WeakMap<object, Readonly<Record<string, unknown>>>();

/** Says what a function captures, where V8 can't be asked: `capture({ factor }, (x) => x * factor)`. */
export function capture<F extends AnyFunction>(variables: Readonly<Record<string, unknown>>, fn: F): F {
  captured.set(fn, variables);
  return fn;
}

/** Whether the program has said what a function captures. */
export const isDeclared = (fn: AnyFunction): boolean => captured.has(fn);

/** What functions capture that will not change any more. */
const steadyVariables = new WeakMap<AnyFunction, Map<string, Found>>();

/** How to read what a function captures: from its scopes, or as the program said it. */
export function variablesOf(fn: AnyFunction, read: ScopesRead, fail: Fail): LookUp {
  const declared = captured.get(fn);
  if (declared !== undefined) return (name) => (name in declared ? { value: declared[name], scope: 'declared' } : null);
  let steady = steadyVariables.get(fn);
  return (name, reference, code) => {
    const known = steady?.get(name);
    if (known !== undefined) return known;
    if (!canInspect()) {
      if (isGlobalFor(code, name, reference)) return null;
      refuseUnseen(name, reference, code, fail);
    }
    const found = inScopes(fn, name, reference, code, read, fail);
    if (found === null || found.value === undefined || code.sent < SENT_OFTEN) return found;
    const binding = code.steady(name);
    if (binding === null) return found;
    foreseeScopes(found, binding, code, read);
    const kept = { value: found.value, scope: found.scope };
    if (steady === undefined) steadyVariables.set(fn, (steady = new Map()));
    steady.set(name, kept);
    return kept;
  };
}

function refuseUnseen(name: string, reference: Reference, code: FunctionCode, fail: Fail): never {
  const other = otherRuntime();
  fail(
    'E_NO_INSPECTOR',
    `the function captures \`${name}\`, which can't be read: V8's inspector is not available ${other === null ? 'here' : `in ${other}`}`,
    {
      where: code.where(reference),
      hint:
        other !== null
          ? 'run the program by Node.js, 20.19 or later'
          : `list what it captures: capture({ ${name} }, fn); or export the function from a module; under --permission, --allow-inspector (Node 24 on) makes it available`,
    },
  );
}

function inScopes(
  fn: AnyFunction,
  name: string,
  reference: Reference,
  code: FunctionCode,
  read: ScopesRead,
  fail: Fail,
): FoundInScope | null {
  const scopes = scopesFor(fn, read);
  for (let i = 0; i < scopes.length; i++) {
    const scope = scopes[i]!;
    if (!(name in scope.variables)) continue;
    try {
      return { value: scope.variables[name], scope: scope.type, at: { scope, depth: scopes.length - i }, scopes, index: i };
    } catch {
      refuseNotInitialised(name, reference, code, fail);
    }
  }
  return null;
}

/** A function that was written as the value of a constant closes over the scope of that constant, and what lies around it. */
function foreseeScopes({ value, scopes, index }: FoundInScope, { constant }: Binding, { script }: FunctionCode, read: ScopesRead): void {
  if (typeof value !== 'function' || constant === null || read.has(value)) return;
  const isBare =
    constant.type === 'ArrowFunctionExpression' ||
    (constant.type === 'FunctionExpression' && (constant as { readonly id?: unknown }).id === null);
  if (!isBare || isNative(value as AnyFunction)) return;
  const inner = FunctionCode.of(value as AnyFunction);
  if (inner.script === script && inner.start === constant.start) read.set(value, scopes.slice(index));
}

export const isNative = (fn: AnyFunction): boolean => Function.prototype.toString.call(fn).endsWith('[native code] }');

/** Whether the name is the language's or Node's: told by the script, where V8 can't be asked. */
function isGlobalFor(code: FunctionCode, name: string, reference: Reference): boolean {
  return isStandardGlobal(name) && bindingAt(code.inScript(reference.start), name, code) === null;
}

/** Node 20 shows a variable that is not initialised yet as undefined. */
export const IS_TDZ_SILENT: boolean = Number(process.versions.v8.split('.')[0]) < 12;

export function refuseNotInitialised(name: string, reference: Reference, code: FunctionCode, fail: Fail): never {
  fail('E_TDZ', `the function captures \`${name}\`, which is not initialised yet`, {
    where: code.where(reference),
    hint: `hand the function over after the declaration of \`${name}\``,
  });
}
