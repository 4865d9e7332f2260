import { TimeoutError } from '../base/errors.ts';
import type { ChunkResult } from './fabric/chunk.ts';
import { type AnyFuture, type Future, newFuture, outcome, settleFuture, type Source, whenDone } from './future.ts';
import { CANCELLED, FAILED, SUCCEEDED } from './future-record.ts';
import type { ChunkSource } from './map.ts';

/** A `map` whose items are tasks of their own: each has its time, its retries, its place in the order. */
export function oneByOne(submit: (args: readonly unknown[]) => AnyFuture): Pick<ChunkSource, 'chunkMax' | 'submit'> {
  return {
    chunkMax: 1,
    submit: ([item], isSpread) => asChunk(submit(isSpread ? (item as readonly unknown[]) : [item])),
  };
}

/** The future of a chunk that is one task. */
function asChunk(task: AnyFuture): Future<ChunkResult> {
  const begin = performance.now();
  const source: Source = {
    isRunning: () => task.running,
    cancel: (_, running) => task.cancel({ running }),
    waitSync: (_, deadline) => waitQuietly(task, deadline - performance.now()),
  };
  const chunk = newFuture<ChunkResult>(source, 0);
  whenDone(task, () => {
    if (task.cancelled) return void settleFuture(chunk as AnyFuture, CANCELLED, undefined);
    try {
      const result: ChunkResult = [[outcome(task)], false, undefined, performance.now() - begin];
      settleFuture(chunk as AnyFuture, SUCCEEDED, result);
    } catch (error) {
      settleFuture(chunk as AnyFuture, FAILED, error);
    }
  });
  return chunk;
}

function waitQuietly(task: AnyFuture, timeout: number): void {
  try {
    task.exceptionSync({ timeout: Math.max(0, timeout) });
  } catch (error) {
    // Cancelled, or not in time: the chunk's future tells.
    if (!task.done && !(error instanceof TimeoutError)) throw error;
  }
}
