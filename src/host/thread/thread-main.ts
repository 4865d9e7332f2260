/*
 * The first code in a worker thread that manycore makes. It runs one thread after another, and waits in between.
 */
import { workerData } from 'node:worker_threads';
import { adoptHeap, sharedHeap } from '../../word/heap.ts';
import '../../word/process-heap.ts'; // Registers how the heap of the processes is found, should a message name it.
import { setMainModule } from '../../message/closures/index.ts';
import { carrierHere, type CarrierData, hasWorkers, SPARES_MAX } from './carrier.ts';
import { writeDirectly } from './output.ts';
import * as record from './record.ts';
import { firstParcels, runThread } from './run-thread.ts';
import { BUSY, carrierOffset, PARKED, parkedCarriers, runOf, setRunOf } from './table.ts';

const { heap, carrier, manycoreMain, parcels } = workerData as CarrierData;
adoptHeap(heap);
carrierHere.number = carrier;
setMainModule(manycoreMain);
writeDirectly();
firstParcels.current = parcels;

const state = carrierOffset(carrier) / 4;
const { i32 } = sharedHeap();
const views = i32 as Int32Array<SharedArrayBuffer>;
/** Keeps the worker's event loop alive while it waits in it. */
const hold = setInterval(() => {}, 0x7fff_ffff);

process.on('exit', (code) => {
  const run = runOf(carrier);
  if (run !== 0) record.die(run, 'exited', code);
});

/** Runs the thread that was given. */
function work(): void {
  const run = runOf(carrier);
  const running = runThread(run);
  // Not at once: what the thread has left in the queues of its event loop has its turn first.
  if (running === null) setImmediate(park, run);
  else void running.then(() => setImmediate(park, run));
}

/** Waits for the next thread: hard, if nothing else has to go on here, or in the event loop. */
function park(run: number): void {
  setRunOf(carrier, 0);
  if (record.isFresh(run) || parkedCarriers() >= SPARES_MAX) {
    clearInterval(hold);
    return;
  }
  Atomics.store(i32, state, PARKED);
  if (isLoopEmpty() && !hasWorkers()) {
    while (Atomics.load(i32, state) === PARKED) Atomics.wait(views, state, PARKED);
    resume();
    return;
  }
  const { async, value } = Atomics.waitAsync(views, state, PARKED);
  if (async) void value.then(resume);
  else setImmediate(resume);
}

function resume(): void {
  awaitRun();
  work();
}

/** Whoever takes a carrier says so first, and then what it shall run. */
function awaitRun(): void {
  while (runOf(carrier) === 0) Atomics.wait(views, state + 1, 0, 1);
}

/** Nothing but our own timer: no timer, server or request that a thread has left behind waits for its turn. */
function isLoopEmpty(): boolean {
  const pending = process.getActiveResourcesInfo();
  return (
    pending.every((name) => name === 'MessagePort') ||
    (pending.filter((name) => name !== 'MessagePort').length === 1 && pending.includes('Timeout'))
  );
}

Atomics.store(i32, state, BUSY);
work();
