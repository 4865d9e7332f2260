import { OutOfRangeError } from '../base/errors.ts';

/** Which rows are shown: so many, such a part of them (below 1), or those whose name matches. */
export type Restriction = number | string | RegExp;

/** What is left of some rows. */
export type Restrict = <T>(rows: readonly T[], nameOf: (row: T) => string) => readonly T[];

/** Reads a restriction. `RangeError` for one that says nothing: a number below 0, one such as 1.5, a pattern that can't be read. */
export function restrictionFrom(restriction: Restriction): Restrict {
  if (typeof restriction !== 'number') {
    const pattern = patternFrom(restriction);
    return (rows, nameOf) => rows.filter((row) => pattern.test(nameOf(row)));
  }
  const isPart = restriction > 0 && restriction < 1;
  if (!isPart && !(Number.isInteger(restriction) && restriction >= 0))
    throw new OutOfRangeError(
      'ERR_RESTRICTION',
      `cannot show ${restriction} rows: expected a whole number, or a part of the rows between 0 and 1`,
    );
  return (rows) => rows.slice(0, isPart ? Math.round(restriction * rows.length) : restriction);
}

function patternFrom(restriction: string | RegExp): RegExp {
  // One that is global or sticky remembers where it has been.
  if (typeof restriction !== 'string') return new RegExp(restriction, restriction.flags.replaceAll(/[gy]/g, ''));
  try {
    return new RegExp(restriction);
  } catch (error) {
    throw new OutOfRangeError('ERR_RESTRICTION', `cannot look for '${restriction}': ${(error as Error).message}`);
  }
}
