import { positiveInteger } from '../base/positive-integer.ts';

/** Checks a count that an option gives. */
export function positive(value: number, name: string): number {
  if (typeof value !== 'number') throw new TypeError(`${name} must be a positive integer: got ${typeof value}`);
  return positiveInteger(value, name);
}
