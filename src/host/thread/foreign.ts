import { subscribe } from 'node:diagnostics_channel';
import { getEnvironmentData, isMainThread, setEnvironmentData, threadId, type Worker, workerData } from 'node:worker_threads';
import { copyHere } from '../../base/copy.ts';
import { expectListener } from '../../base/expect-listener.ts';
import { adoptHeap, hasHeap, sharedHeap } from '../../word/heap.ts';
import * as roster from '../../word/roster.ts';
import { carrierHere, withdrawCarriers } from './carrier.ts';
import { goneWith } from './carrier-end.ts';
import { shareWho } from '../process/who.ts';
import { ownWorkers } from './own-workers.ts';
import * as record from './record.ts';
import { current } from './run-thread.ts';
import { linkSafely } from './safe-linking.ts';
import { CARRIERS, recordOfThread } from './table.ts';

/*
 * Workers that the program has made itself, by `new Worker`. Node hands what is said by `setEnvironmentData` down to every worker: by that,
 * such a worker finds the heap of the process, and enrols as a thread: a daemon named `Dummy-N`, as Python calls threads that it has not
 * started. Whoever makes a worker hears of its end, and says what it held.
 */
const KEY = `manycore.heap ${copyHere}`;

/** Whether this copy of the package has made this worker: what another copy has made is the program's own for this one. */
function isCarrier(): boolean {
  return (workerData as { readonly copy?: unknown } | null)?.copy === copyHere;
}

function enrol(): void {
  linkSafely();
  const at = record.newForeignRecord(`Dummy-${threadId}`, threadId);
  roster.embody(record.idOf(at));
  current.record = at;
  carrierHere.number = CARRIERS + threadId;
  process.on(
    'exit',
    expectListener((code: number) => {
      withdrawCarriers();
      if (code === 0) record.end(at);
      else record.die(at, 'exited', code);
    }),
  );
}

/** A worker that ends without a word, terminated or out of memory, is missed by whoever made it. */
function watchWorkers(): void {
  subscribe('worker_threads', (message) => {
    const { worker } = message as { readonly worker: Worker };
    const number = worker.threadId;
    worker.once('exit', (code) => {
      if (ownWorkers.has(worker)) return;
      goneWith(CARRIERS + number);
      for (const { id } of roster.list()) {
        const at = recordOfThread(id);
        if (at !== 0 && record.workerOf(at) === number) record.die(at, 'terminated', code);
      }
    });
  });
}

/** Joins the heap of the process, or offers it to the workers that are made from now on. Called once, before the heap is used. */
function join(): void {
  if (isCarrier()) return watchWorkers();
  const offered: unknown = isMainThread ? undefined : getEnvironmentData(KEY);
  if (offered instanceof SharedArrayBuffer && !hasHeap()) {
    adoptHeap(offered);
    enrol();
  } else if (!hasHeap() || isMainThread) setEnvironmentData(KEY, sharedHeap().buffer);
  shareWho();
  watchWorkers();
}
join();
