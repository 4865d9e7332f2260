import { OutOfRangeError } from '../base/errors.ts';

/** Checks a count that an option gives. */
export function positive(value: number, name: string): number {
  if (typeof value !== 'number') throw new TypeError(`${name} must be a positive integer: got ${typeof value}`);
  if (!Number.isInteger(value) || value < 1)
    throw new OutOfRangeError('ERR_OUT_OF_RANGE', `${name} must be a positive integer: got ${value}`);
  return value;
}
