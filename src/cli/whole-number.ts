import { UsageError } from './usage-error.ts';

/** The value of an option that counts something; `undefined` when it was not given. */
export function wholeNumber(option: string, text: string | undefined, least: number): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(value) || value < least)
    throw new UsageError(`--${option} must be a whole number, at least ${least}: got ${text}`);
  return value;
}
