import { nameError } from '../base/errors.ts';

export interface SendErrorDetails {
  /** The way from the value that was sent to the one that can't be. */
  readonly path?: readonly string[];
  readonly where?: { readonly url: string; readonly line: number; readonly column: number; readonly frame: string } | undefined;
  /** What to do instead. */
  readonly hint?: string;
  readonly cause?: unknown;
}

/** A value can't go to another thread or process. Thrown when it is handed over, before anything has been sent. */
export class SendError extends TypeError {
  readonly code: string;
  /** The steps that lead from what was handed over to what can't be sent, outermost first; empty when it is that itself. */
  readonly path: readonly string[];
  /** Where in the source a captured variable is used that can't be sent; `undefined` when that is not known. */
  readonly where: SendErrorDetails['where'];
  /** What to do instead, as a sentence; empty when there is no advice. */
  readonly hint: string;

  constructor(code: string, message: string, details: SendErrorDetails = {}) {
    const { path = [], where, hint = '', cause } = details;
    const trail = path.length > 0 ? `\n    reached through: ${path.join(' → ')}` : '';
    const place = where ? `\n    at ${where.url}:${where.line}:${where.column}\n${where.frame}` : '';
    const help = hint ? `\n    help: ${hint}` : '';
    super(`${message}${trail}${place}${help}`, cause === undefined ? undefined : { cause });
    this.code = code;
    this.path = path;
    this.where = where;
    this.hint = hint;
  }
}
nameError(SendError, 'SendError');
