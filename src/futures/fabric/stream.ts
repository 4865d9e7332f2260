import { types } from 'node:util';
import { isShareable } from '../../word/shareable.ts';

export type Stream = AsyncIterable<unknown> | Generator;

/** What a task returns to be read as it comes: an async iterable, or a generator. A queue, which can be sent itself, is none. */
export function isStream(value: unknown): value is Stream {
  if (typeof value !== 'object' || value === null || isShareable(value)) return false;
  return Symbol.asyncIterator in value || types.isGeneratorObject(value);
}

export const iteratorOf = (stream: Stream): AsyncIterator<unknown> | Iterator<unknown> =>
  Symbol.asyncIterator in stream ? stream[Symbol.asyncIterator]() : stream[Symbol.iterator]();
