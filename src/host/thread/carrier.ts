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
import { gone, tellOfEnd } from './carrier-end.ts';
import { started, whenMissing } from './missing.ts';
import { orderOutput } from './output.ts';
import { ownWorkers } from './own-workers.ts';
import * as record from './record.ts';
import { callAll, giveBack, isStolen, runOf, withdraw } from './offers.ts';
import {
  askToKill,
  BUSY,
  busyCarriers,
  carrierOffset,
  claimCarrier,
  errandsOffset,
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
  const make = (flags: { readonly execArgv?: string[] }): Worker =>
    new Worker(beginning(new URL('./thread-main.js', import.meta.url)), {
      workerData: data,
      transferList: transfer as TransferListItem[],
      name: `manycore-${carrier}`,
      // The threads of a process have one environment.
      env: SHARE_ENV,
      ...flags,
      ...(resourceLimits === undefined ? {} : { resourceLimits }),
    });
  let worker: Worker;
  let native: number;
  try {
    [worker, native] = started(() => withFlags(make));
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
  watch(worker, carrier, native);
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

function watch(worker: Worker, carrier: number, native: number): void {
  let failure: NodeJS.ErrnoException | undefined;
  let isTerminated = false;
  let isBuried = false;
  const claim = timesClaimed(carrier);
  worker.on('error', (error: NodeJS.ErrnoException) => void (failure = error));
  terminations.set(worker, () => void (isTerminated = true));
  /** False while somebody takes its thread over, and writes into its entry. Should that one be dead too, this thread hears of it, and gives the thread back. */
  const bury = (how: Death, exitCode: number): boolean => {
    // A worker that has ended in order says so itself, and its place may have been taken.
    if (isBuried || timesClaimed(carrier) !== claim) return true;
    if (isStolen(carrier)) return false;
    isBuried = true;
    const { run } = withdraw(carrier);
    // Not even our own first module has got as far as its message.
    if (run !== 0 && failure !== undefined && how === 'exited' && record.messageOf(run) !== 0) record.failToBegin(run, failure);
    else if (run !== 0) record.die(run, how, exitCode);
    if (run !== 0) tellOfEnd(run, { how, exitCode, error: failure ?? record.failureOf(run) });
    giveBack(carrier, run);
    gone(carrier);
    return true;
  };
  const buryInTurn = (how: Death, exitCode: number): void => {
    if (!bury(how, exitCode)) setImmediate(buryInTurn, how, exitCode);
  };
  const letGoOfIt = (): void => {
    if (workers.get(carrier) === worker) workers.delete(carrier);
    if (workers.size === 0) afterWorkers?.();
  };
  const isHeardOf = whenMissing(native, () => {
    if (!bury(isTerminated ? 'terminated' : 'lost', 1)) return false;
    letGoOfIt();
    return true;
  });
  worker.once('exit', (code) => {
    isHeardOf();
    letGoOfIt();
    const isOutOfMemory = failure?.code === 'ERR_WORKER_OUT_OF_MEMORY';
    buryInTurn(isTerminated ? 'terminated' : isOutOfMemory ? 'out of memory' : 'exited', code);
  });
}

const terminations = new WeakMap<Worker, () => void>();

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
  tellOfEnd(run, { how: 'terminated', exitCode: 1, error: undefined });
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
