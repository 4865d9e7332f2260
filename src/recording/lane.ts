import { renameSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { isMainThread, threadId, Worker } from 'node:worker_threads';
import { atExit } from '../base/at-exit.ts';
import { FLUSH } from './flush-expression.ts';
import type { Recorder } from './plan.ts';
import { askWorkers, askWorkersSync } from './watcher.ts';

/*
 * The recording of one thread of a program.
 *
 * It is written to a file of its own when the thread ends: by itself when it ends in good order; when it is about to be
 * terminated, or the process ends around it, it is asked to by a watcher, also in the middle of a loop. Every so often it is
 * written anyway, for the case that the process is killed: a young one more often, for it has nothing else.
 */
const FIRST_MS = 1000;
const EVERY_MS = 10_000;
const NAMES_MAX = 3;
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

export function beginLane(folder: string, recorder: Recorder): void {
  const { title } = process;
  let part = 0;
  let isOver = false;
  const flush = (isLast: boolean): void => {
    if (isOver) return;
    isOver = isLast;
    const file = join(folder, `${process.pid}-${threadId}-${++part}`);
    writeFileSync(`${file}.part`, JSON.stringify(recorder.take(laneName(title, recorder.carried), isLast)));
    renameSync(`${file}.part`, `${file}.json`);
  };
  const end = (): void => flush(true);

  (globalThis as Record<symbol, unknown>)[Symbol.for(FLUSH)] = end;
  atExit(() => {
    if (isMainThread) askWorkersSync();
    end();
  });
  const flushAfter = (ms: number): void => {
    setTimeout(() => {
      if (isOver) return;
      flush(false);
      flushAfter(Math.min(2 * ms, EVERY_MS));
    }, ms).unref();
  };
  flushAfter(FIRST_MS);
  if (isMainThread) endBySignals();
  flushBeforeTermination();
  recorder.start();
}

/** What the program calls it: the threads that a worker has carried, a process of this package by its title. */
function laneName(titleBefore: string, names: readonly string[]): string {
  if (isMainThread) return process.title === titleBefore ? basename(process.argv[1] ?? 'node') : process.title;
  const shown = names.slice(-NAMES_MAX).join(', ');
  return `worker ${threadId}${names.length === 0 ? '' : `: ${names.length > NAMES_MAX ? '…, ' : ''}${shown}`}`;
}

/** A signal that nobody listens to ends the process, but with its recordings. */
function endBySignals(): void {
  for (const signal of SIGNALS) {
    const onSignal = (): void => {
      if (process.listenerCount(signal) > 1) return; // The program decides.
      askWorkersSync();
      (globalThis as unknown as Record<symbol, () => void>)[Symbol.for(FLUSH)]!();
      process.off(signal, onSignal);
      process.kill(process.pid, signal);
    };
    process.on(signal, onSignal);
  }
}

function flushBeforeTermination(): void {
  // oxlint-disable-next-line typescript/unbound-method -- called with the worker
  const { terminate } = Worker.prototype;
  Worker.prototype.terminate = async function (this: Worker): Promise<number> {
    // One that has ended, by -1 for its number, has written already.
    if (this.threadId >= 0) await askWorkers(this.threadId);
    return terminate.call(this);
  };
}
