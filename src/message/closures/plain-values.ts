import { types } from 'node:util';
import { isShareable } from '../../word/shareable.ts';
import { fileOfExports } from './file-of-exports.ts';
import { pathOfIntrinsic, placeInBuiltins } from './intrinsics.ts';
import { mainModule } from './references-to.ts';

/** Deeper ones are left to `pack`, which sees circles too. */
const DEPTH_MAX = 8;

/** Whether a captured value is, for the codec, what it is for `pack`: data that nothing in the language tells from a copy. */
export function isPlainValue(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return typeof value !== 'symbol';
  return isPlain(value, DEPTH_MAX) && fileOfExports(value, mainModule()) === null;
}

function isPlain(value: unknown, depth: number): boolean {
  if (typeof value === 'function') return true; // The codec finds out when it comes to it.
  if (typeof value !== 'object' || value === null) return typeof value !== 'symbol';
  if (isShareable(value)) return true;
  if (types.isProxy(value) || pathOfIntrinsic(value) !== undefined || placeInBuiltins(value) !== undefined) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (Array.isArray(value)) return prototype === Array.prototype && isPlainArray(value, depth - 1);
  if (prototype !== Object.prototype) return ArrayBuffer.isView(value) || types.isAnyArrayBuffer(value);
  return depth > 0 && isPlainObject(value, depth - 1);
}

function isPlainArray(array: readonly unknown[], depth: number): boolean {
  for (const item of array)
    if ((typeof item === 'object' && item !== null) || typeof item === 'function' || typeof item === 'symbol')
      return depth > 0 && isArrayOfPlain(array, depth);
  return true;
}

function isArrayOfPlain(array: readonly unknown[], depth: number): boolean {
  // What else it holds than its items, `pack` leaves behind.
  return (
    Object.keys(array).length === array.length &&
    Object.getOwnPropertySymbols(array).length === 0 &&
    array.every((item) => isPlain(item, depth))
  );
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
