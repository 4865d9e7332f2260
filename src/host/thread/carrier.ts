import { type ResourceLimits, SHARE_ENV, type TransferListItem, Worker } from 'node:worker_threads';
import { compiledTexts } from '../../base/compiled-texts.ts';
import { copyHere } from '../../base/copy.ts';
import { StateError } from '../../base/errors.ts';
import { mainModule } from '../../message/closures/index.ts';
import type { Death } from '../../word/roster.ts';
import { onPatrol } from '../../sync/patrol.ts';
import { sharedHeap } from '../../word/heap.ts';
import { beginning } from '../beginning.ts';
import { shareWho } from '../process/who.ts';
import { withFlags } from './flags.ts';
import { orderOutput } from './output.ts';
import { ownWorkers } from './own-workers.ts';
import * as record from './record.ts';
import { callAll, giveBack, isStolen, letGo, runOf, withdraw } from './offers.ts';
import {
  askToKill,
  BUSY,
  busyCarriers,
  carrierOffset,
  carriersMadeBy,
  claimCarrier,
  errandsOffset,
  GONE,
  PARKED,
  STARTING,
  takeKillRequest,
  timesClaimed,
} from './table.ts';

export interface CarrierData {
  readonly copy: string;
  readonly heap: SharedArrayBuffer;
  readonly carrier: number;
  readonly manycoreMain: string;
  /** What the first thread's message could not carry: SharedArrayBuffers, ports. */
  readonly parcels: readonly unknown[] | null;
  /** For what the worker begins by loading. */
  readonly compiled: SharedArrayBuffer | null;
}

export interface CarrierOptions {
  readonly resourceLimits?: ResourceLimits | undefined;
  /** What goes beside the message, and what of it is given away: takes a worker of its own. */
  readonly parcels?: readonly unknown[] | null | undefined;
  readonly transfer?: readonly unknown[] | undefined;
  /** Takes none but a worker that this thread has made: it then hears of its end, by `onWorkerEnd`. */
  readonly own?: boolean | undefined;
}

/** How a worker ended while it carried a thread. */
export interface WorkerEnd {
  readonly how: Death;
  readonly exitCode: number;
  readonly error: unknown;
}

/** Who wants to know when a worker ends while it carries the thread with this record. */
export const onWorkerEnd = new Map<number, (end: WorkerEnd) => void>();

/** Spares beyond this are let go when they have nothing to do. */
export const SPARES_MAX = Number(process.env['MANYCORE_SPARE_THREADS'] ?? 16);

/** The carrier that this code runs in; -1 in the main thread, and from CARRIERS on in workers that the program has made itself. */
export const carrierHere: { number: number } = { number: -1 };

/** The workers that this thread has made. Whoever made a worker hears of its end. */
const workers = new Map<number, Worker>();
let hasOrderedOutput = false;
let isListening = false;

/** Makes a worker, as a carrier in this state. */
export function newCarrier(
  state: typeof STARTING | typeof BUSY,
  { resourceLimits, parcels = null, transfer = [] }: CarrierOptions,
): number {
  if (!hasOrderedOutput) {
    hasOrderedOutput = true;
    orderOutput();
  }
  const carrier = claimCarrier(carrierHere.number, state);
  if (carrier < 0) throw new StateError('ERR_THREAD_START', 'cannot start a thread: 512 worker threads are in use');
  shareWho();
  const compiled = compiledTexts.current?.memory ?? null;
  const data: CarrierData = { copy: copyHere, heap: sharedHeap().buffer, carrier, manycoreMain: mainModule(), parcels, compiled };
  let worker: Worker;
  try {
    worker = withFlags(
      (flags) =>
        new Worker(beginning(new URL('./thread-main.js', import.meta.url)), {
          workerData: data,
          transferList: transfer as TransferListItem[],
          name: `manycore-${carrier}`,
          // The threads of a process have one environment.
          env: SHARE_ENV,
          ...flags,
          ...(resourceLimits === undefined ? {} : { resourceLimits }),
        }),
    );
  } catch (cause) {
    gone(carrier);
    // A process in which there are no threads says so itself.
    if (cause instanceof StateError) throw cause;
    throw new StateError('ERR_THREAD_START', `cannot start a thread: ${(cause as Error).message}`, { cause });
  }
  workers.set(carrier, worker);
  // It takes longer to come to where it needs them.
  compiledTexts.current?.write();
  ownWorkers.add(worker);
  watch(worker, carrier);
  worker.unref();
  listenForErrands();
  return carrier;
}

/** The worker of a carrier that this thread has made. */
export function workerOf(carrier: number): Worker | undefined {
  return workers.get(carrier);
}

/** Whether this thread has made workers: it has to hear of their ends, and of those who want them ended. */
export function hasWorkers(): boolean {
  return workers.size > 0;
}

let afterWorkers: (() => void) | null = null;

/** Calls back when this thread has no workers: at once, or when the last one has ended. */
export function whenWorkersAreGone(then: () => void): void {
  if (hasWorkers()) afterWorkers = then;
  else then();
}

function watch(worker: Worker, carrier: number): void {
  let failure: NodeJS.ErrnoException | undefined;
  let isTerminated = false;
  const claim = timesClaimed(carrier);
  worker.on('error', (error: NodeJS.ErrnoException) => void (failure = error));
  terminations.set(worker, () => void (isTerminated = true));
  worker.once('exit', (code) => {
    if (workers.get(carrier) === worker) workers.delete(carrier);
    if (workers.size === 0) afterWorkers?.();
    bury(code);
  });
  const bury = (code: number): void => {
    // A worker that has ended in order says so itself, and its place may have been taken.
    if (timesClaimed(carrier) !== claim) return;
    // Who takes its thread over writes into its entry. Should that one be dead too, this thread hears of it, and gives the thread back.
    if (isStolen(carrier)) return void setImmediate(bury, code);
    const { run } = withdraw(carrier);
    const how: Death = isTerminated ? 'terminated' : failure?.code === 'ERR_WORKER_OUT_OF_MEMORY' ? 'out of memory' : 'exited';
    // Not even our own first module has got as far as its message.
    if (run !== 0 && failure !== undefined && how === 'exited' && record.messageOf(run) !== 0) record.failToBegin(run, failure);
    else if (run !== 0) record.die(run, how, code);
    const error = run === 0 ? undefined : (failure ?? record.failureOf(run));
    giveBack(carrier, run);
    gone(carrier);
    onWorkerEnd.get(run)?.({ how, exitCode: code, error });
  };
}

const terminations = new WeakMap<Worker, () => void>();

/** A carrier has ended, and with it the carriers that it has made. */
function gone(carrier: number): void {
  letGo(carrier);
  goneWith(carrier);
  const { i32 } = sharedHeap();
  Atomics.store(i32, carrierOffset(carrier) / 4 + 3, 0);
  Atomics.store(i32, carrierOffset(carrier) / 4, GONE);
}

/** The maker of carriers has ended, and they have with it. */
export function goneWith(maker: number): void {
  for (const child of carriersMadeBy(maker)) {
    const { run } = withdraw(child);
    if (run !== 0) record.die(run, 'lost', 1);
    giveBack(child, run);
    gone(child);
  }
}

/** This thread is about to end, and its carriers with it: nobody is to give them a thread any more. */
export function withdrawCarriers(): void {
  const { i32 } = sharedHeap();
  for (const carrier of workers.keys()) Atomics.compareExchange(i32, carrierOffset(carrier) / 4, PARKED, BUSY);
}

/** Ends a carrier's worker, here or where it was made. */
export function kill(carrier: number): void {
  const worker = workers.get(carrier);
  if (worker === undefined) {
    askToKill(carrier);
    const errands = sharedHeap().word(errandsOffset());
    errands.add(1);
    errands.wake(Infinity);
    return;
  }
  // Who wanted it may have been slow, and this be another thread's by now.
  const given = runOf(carrier);
  if (given === 0 || record.stateOf(given) !== record.DOOMED) return;
  terminations.get(worker)?.();
  void worker.terminate();
  const { run, hadBegun } = withdraw(carrier);
  // It may have been called, and not have called the next.
  callAll();
  if (run === 0 || (hadBegun && record.messageOf(run) === 0)) return;
  // It may have no name in the system yet, by which its death could be seen, and who waits for it may block this thread.
  record.endBeforeBegin(run);
  queueMicrotask(() => onWorkerEnd.get(run)?.({ how: 'terminated', exitCode: 1, error: undefined }));
}

/** Hears of other threads that want a carrier ended which this thread has made, also while it is blocked. Keeps nothing alive. */
function listenForErrands(): void {
  if (isListening) return;
  isListening = true;
  const heap = sharedHeap();
  const index = errandsOffset() / 4;
  const runErrands = (): void => {
    for (const carrier of workers.keys()) if (takeKillRequest(carrier)) kill(carrier);
  };
  onPatrol.push(runErrands);
  const listen = (): void => {
    const seen = Atomics.load(heap.i32, index);
    runErrands();
    const { async, value } = Atomics.waitAsync(heap.i32 as Int32Array<SharedArrayBuffer>, index, seen);
    if (async) void value.then(listen);
    else queueMicrotask(listen);
  };
  listen();
}

/** Ends the parked carriers that this thread has made. */
export async function dismissCarriers(): Promise<void> {
  const { i32 } = sharedHeap();
  const idle = [...workers].filter(([carrier]) => Atomics.compareExchange(i32, carrierOffset(carrier) / 4, PARKED, BUSY) === PARKED);
  await Promise.all(idle.map(([, worker]) => worker.terminate()));
}

export { busyCarriers };
