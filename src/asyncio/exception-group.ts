import { nameError } from '../base/errors.ts';

type Condition = (abstract new (...args: never[]) => Error) | ((error: unknown) => boolean);

/** Several errors that came at once: Python's `ExceptionGroup`. Its errors may be groups again. */
export class ExceptionGroup extends AggregateError {
  readonly code: string = 'ERR_EXCEPTION_GROUP';

  constructor(message: string, errors: Iterable<unknown>, options?: ErrorOptions) {
    super(errors, message, options);
    if (this.errors.length === 0) throw new RangeError('an ExceptionGroup needs at least one error: got none');
  }

  /** A group of those errors, nested as they are, that are of a class or satisfy a function; and one of the others. `null` where there are none. */
  split(condition: Condition): [ExceptionGroup | null, ExceptionGroup | null] {
    const matches = matcher(condition);
    if (matches(this)) return [this, null];
    const inside: unknown[] = [];
    const outside: unknown[] = [];
    for (const error of this.errors as unknown[]) {
      if (error instanceof ExceptionGroup) {
        const [yes, no] = error.split(condition);
        if (yes !== null) inside.push(yes);
        if (no !== null) outside.push(no);
      } else (matches(error) ? inside : outside).push(error);
    }
    return [this.#derive(inside), this.#derive(outside)];
  }

  /** The first half of `split`. */
  subgroup(condition: Condition): ExceptionGroup | null {
    return this.split(condition)[0];
  }

  #derive(errors: readonly unknown[]): ExceptionGroup | null {
    return errors.length === 0 ? null : new ExceptionGroup(this.message, errors, { cause: this.cause });
  }
}
nameError(ExceptionGroup, 'ExceptionGroup');

function matcher(condition: Condition): (error: unknown) => boolean {
  const isClass = condition === Error || condition.prototype instanceof Error;
  return isClass ? (error) => error instanceof (condition as new () => Error) : (condition as (error: unknown) => boolean);
}
