import { inspect } from 'node:util';

/** What was thrown, in a line: for the message of an error whose cause it is. */
export function why(cause: unknown): string {
  return (cause instanceof Error ? `${cause.name}: ${cause.message}` : inspect(cause, { depth: 0 })).split('\n', 1)[0]!;
}
