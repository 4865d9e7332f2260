import { nameError } from '../../base/errors.ts';

/** A task's result could not be sent back: Python's `multiprocessing.pool.MaybeEncodingError`. The worker lives on. */
export class MaybeEncodingError extends Error {
  readonly code: string = 'ERR_RESULT_NOT_SENT';
  /** Why it can't travel. */
  readonly exc: unknown;
  /** The result, as text. */
  readonly value: string;

  constructor(exc: unknown, value: string) {
    super(`the result of the task can't be sent: ${exc instanceof Error ? exc.message : String(exc)}. The result was ${value}`, {
      cause: exc,
    });
    this.exc = exc;
    this.value = value;
  }
}
nameError(MaybeEncodingError, 'MaybeEncodingError');
