import { Worker } from 'node:worker_threads';
import { PATIENCE_MS } from './flush-expression.ts';
import { withoutPlan } from './plan.ts';

export interface Question {
  /** The number of a worker, or `workers` for all. */
  readonly thread: number | 'workers';
  /** One word: 0, then 1 when they have answered. */
  readonly answered: SharedArrayBuffer;
}

/** What the watcher itself may need beyond that, to begin above all. */
const GRACE_MS = 5000;

let watcher: Worker | null = null;
let hasWorkers = false;
process.on('worker', (made: Worker) => {
  if (made !== watcher) hasWorkers = true;
});

function ask(thread: Question['thread']): Int32Array {
  watcher ??= startWatcher();
  const answered = new SharedArrayBuffer(4);
  watcher.postMessage({ thread, answered } satisfies Question);
  return new Int32Array(answered);
}

function startWatcher(): Worker {
  const made = new Worker(new URL('./watcher-main.js', import.meta.url), {
    name: 'manycore-recording',
    env: withoutPlan(process.env),
    execArgv: [],
  });
  made.on('error', () => {});
  made.unref();
  return made;
}

/** Has all workers write down their recordings. Blocks: nothing else can happen any more when the process ends. */
export function askWorkersSync(): void {
  if (hasWorkers) Atomics.wait(ask('workers'), 0, 0, PATIENCE_MS + GRACE_MS);
}

/** Has one worker write down its recording. */
export async function askWorkers(thread: number): Promise<void> {
  const hold = setTimeout(() => {}, PATIENCE_MS + GRACE_MS);
  await Atomics.waitAsync(ask(thread) as Int32Array<SharedArrayBuffer>, 0, 0, PATIENCE_MS + GRACE_MS).value;
  clearTimeout(hold);
}
