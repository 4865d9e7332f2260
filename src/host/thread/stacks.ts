import { Worker } from 'node:worker_threads';
import { StateError } from '../../base/errors.ts';
import { sharedHeap } from '../../word/heap.ts';
import { holdLoop, releaseLoop } from '../../word/keep-alive.ts';
import { withFlags } from './flags.ts';
import { ownWorkers } from './own-workers.ts';
import type { StackRequest } from './stack-monitor.ts';
import type { RawStacks } from './stack-reader.ts';

export type { RawFrame } from './stack-reader.ts';

const ANSWER_BYTES = 1 << 20;
/** What the monitor may take beyond the time-out: to begin, above all. */
const GRACE_MS = 10_000;
/** How long a monitor stays after its last answer. */
const LINGER_MS = 5000;

let monitor: Worker | null = null;
let lastUse = 0;
/** Why there is no monitor any more, and who waits for its answer. */
let failure: unknown;
const pending = new Set<Int32Array<SharedArrayBuffer>>();

/** The stacks of workers, by their numbers, innermost frame first; 0 is the main thread. `null` for one that gave no answer in time. */
export async function stacksOf(threads: readonly number[], timeout: number): Promise<RawStacks> {
  const { words, read } = ask(threads, timeout);
  const { async, value } = Atomics.waitAsync(words, 0, 0, timeout + GRACE_MS);
  if (async) {
    holdLoop();
    await value.finally(releaseLoop);
  }
  return read();
}

/** The blocking twin of `stacksOf`. */
export function stacksOfSync(threads: readonly number[], timeout: number): RawStacks {
  const { words, read } = ask(threads, timeout);
  Atomics.wait(words, 0, 0, timeout + GRACE_MS);
  return read();
}

const noInspector = (cause: unknown): StateError =>
  new StateError('ERR_NO_STACK', 'the stacks of threads cannot be read: this Node has no inspector, or does not allow it', { cause });

/** Asks the monitor, which a blocked thread can do as well. */
function ask(
  threads: readonly number[],
  timeout: number,
): { readonly words: Int32Array<SharedArrayBuffer>; readonly read: () => RawStacks } {
  const answer = new SharedArrayBuffer(ANSWER_BYTES);
  const words = new Int32Array(answer, 0, 2);
  const worker = (monitor ??= startMonitor());
  pending.add(words);
  lastUse = performance.now();
  worker.postMessage({ threads, timeout, answer } satisfies StackRequest);
  return {
    words,
    read() {
      pending.delete(words);
      lastUse = performance.now();
      if (Atomics.load(words, 0) === 0) throw noInspector(failure);
      return JSON.parse(Buffer.from(answer, 8, words[1]).toString()) as RawStacks;
    },
  };
}

function startMonitor(): Worker {
  const made = withFlags(
    (flags) =>
      new Worker(new URL('./stack-monitor.js', import.meta.url), {
        name: 'manycore-stacks',
        workerData: { heap: sharedHeap().buffer },
        ...flags,
      }),
  );
  ownWorkers.add(made);
  made.unref();
  made.once('error', (error) => void (failure = error));
  made.once('exit', () => {
    monitor = null;
    for (const words of pending) Atomics.notify(words, 0);
  });
  return made;
}

/** Calls back when the monitor of this thread, if it has one, may end, as it does with its thread. */
export function whenMonitorIsIdle(then: () => void): void {
  if (monitor === null) then();
  else setTimeout(then, Math.max(1, lastUse + LINGER_MS - performance.now()));
}
