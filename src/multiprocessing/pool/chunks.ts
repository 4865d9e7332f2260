import { positiveInteger } from '../../base/positive-integer.ts';
import type { Workforce } from './workforce.ts';
import type { Outcome } from '../../futures/process-pool/job.ts';

export type AnyFunction = (...args: never[]) => unknown;
export type Items<T> = Iterable<T> | AsyncIterable<T>;

/** As many chunks as four for each worker, as in Python. */
const CHUNKS_A_WORKER = 4;

export function checkChunkSize(chunkSize: number | undefined): void {
  if (chunkSize !== undefined) positiveInteger(chunkSize, 'chunkSize');
}

/** Applies a function to all items, in chunks. Ends when all have ended, with the error that stands first, if there is one. */
export function mapChunks(
  crew: Workforce,
  { fn, how, workers }: { readonly fn: AnyFunction; readonly how: number; readonly workers: number },
  items: readonly unknown[],
  { chunkSize = Math.max(1, Math.ceil(items.length / (workers * CHUNKS_A_WORKER))) }: { readonly chunkSize?: number | undefined },
  settle: (outcome: Outcome) => void,
): void {
  const chunks = Math.ceil(items.length / chunkSize);
  const outcomes = new Array<Outcome>(chunks);
  let left = chunks;
  const ended = (chunk: number, outcome: Outcome): void => {
    outcomes[chunk] = outcome;
    if (--left === 0) settle(joined(outcomes));
  };
  if (chunks === 0) settle({ ok: true, value: [] });
  for (let chunk = 0; chunk < chunks; chunk++) {
    const input = items.slice(chunk * chunkSize, (chunk + 1) * chunkSize);
    try {
      crew.submit({ fn, how, input }, (outcome) => ended(chunk, outcome));
    } catch (error) {
      // The others go on: nobody could say otherwise what has been done.
      ended(chunk, { ok: false, error });
    }
  }
}

function joined(outcomes: readonly Outcome[]): Outcome {
  const values: unknown[] = [];
  for (const outcome of outcomes) {
    if (!outcome.ok) return outcome;
    for (const value of outcome.value as unknown[]) values.push(value);
  }
  return { ok: true, value: values };
}
