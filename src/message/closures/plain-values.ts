import { types } from 'node:util';
import { isShareable } from '../../word/shareable.ts';
import { isParcel } from '../parcel.ts';
import { fileOfExports } from './file-of-exports.ts';
import { pathOfIntrinsic, placeInBuiltins } from './intrinsics.ts';
import { mainModule, reduce } from './references-to.ts';

/*
 * The codec copies data as structured clones do: what is behind a getter, without the protection of what is frozen. `pack` keeps all that, and a
 * message with a function in it has always been packed. So the codec may write such a message by itself only when there is no difference.
 */

/** More than so many values are not looked through, nor what lies so deep: circles end here, too. */
const VALUES_MAX = 10_000;
const DEPTH_MAX = 8;

let left = 0;

/** Whether a value is for the codec what it is for `pack`, functions in it apart. */
export function isPlainValue(value: unknown): boolean {
  left = VALUES_MAX;
  return isPlain(value, DEPTH_MAX);
}

/** The same for a whole message. Most are lists that were made for it: no other thread has one of these under a name. */
export function isPlainMessage(value: unknown): boolean {
  if (!isPlainList(value)) return isPlainValue(value);
  left = VALUES_MAX;
  return isPlainArray(value, DEPTH_MAX - 1);
}

export const isPlainList = (value: unknown): value is readonly unknown[] =>
  Array.isArray(value) && !types.isProxy(value) && Object.getPrototypeOf(value) === Array.prototype && !(reduce in value);

/** The same for what a function captures: what a module exports is found by its file. */
export function isPlainCapture(value: unknown): boolean {
  return isPlainValue(value) && (typeof value !== 'object' || value === null || fileOfExports(value, mainModule()) === null);
}

function isPlain(value: unknown, depth: number): boolean {
  if (typeof value === 'function') return true; // The codec finds out when it comes to it.
  if (typeof value !== 'object' || value === null) return typeof value !== 'symbol';
  if (isShareable(value)) return true;
  if (depth === 0 || --left < 0 || types.isProxy(value)) return false;
  if (pathOfIntrinsic(value) !== undefined || placeInBuiltins(value) !== undefined) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === Object.prototype) return isPlainObject(value, depth - 1);
  if (Array.isArray(value)) return prototype === Array.prototype && isPlainArray(value, depth - 1);
  return isCodecsOwn(value, prototype) && typeof (value as { readonly [reduce]?: unknown })[reduce] !== 'function';
}

export const isPrimitive = (value: unknown): boolean =>
  value === null || (typeof value !== 'object' && typeof value !== 'function' && typeof value !== 'symbol');

function isPlainArray(array: readonly unknown[], depth: number): boolean {
  if (reduce in array) return false;
  if (array.every(isPrimitive)) return true;
  // What else arrays hold than their items is left behind either way, but for those that the language itself gives names to.
  if ('index' in array || 'raw' in array) return false;
  return array.every((item) => isPlain(item, depth));
}

/** Nothing of it is hidden, protected or computed. */
function isPlainObject(value: object, depth: number): boolean {
  if (!Object.isExtensible(value)) return false;
  for (const key of Reflect.ownKeys(value)) {
    const descriptor = Object.getOwnPropertyDescriptor(value, key)!;
    if (typeof key === 'symbol' || !('value' in descriptor)) return false;
    if (descriptor.writable !== true || descriptor.enumerable !== true || descriptor.configurable !== true) return false;
    if (!isPlain(descriptor.value, depth)) return false;
  }
  return true;
}

/** What the codec writes by itself and that holds nothing else. */
export function isCodecsOwn(value: object, prototype: unknown): boolean {
  return (
    ArrayBuffer.isView(value) ||
    types.isAnyArrayBuffer(value) ||
    (types.isDate(value) && prototype === Date.prototype) ||
    (types.isRegExp(value) && prototype === RegExp.prototype) ||
    types.isBoxedPrimitive(value) ||
    isParcel(value)
  );
}
