import { inspect } from 'node:util';

/** What a program gives as a detail, as JSON can hold it: the value as it is now, or its text. */
export function plain(detail: unknown): unknown {
  try {
    const text = JSON.stringify(detail);
    return text === undefined ? inspect(detail) : (JSON.parse(text) as unknown);
  } catch {
    return inspect(detail, { depth: 2, breakLength: Infinity });
  }
}
