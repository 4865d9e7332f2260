import { OutOfRangeError } from './errors.ts';

/** Checks a count, and gives it back. */
export function positiveInteger(value: number, name: string): number {
  if (!Number.isInteger(value) || value < 1)
    throw new OutOfRangeError('ERR_OUT_OF_RANGE', `${name} must be a positive integer: got ${value}`);
  return value;
}
