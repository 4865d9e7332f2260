/*
 * The first code in a worker thread that manycore makes. It runs one thread after another, and waits in between.
 */
import { inspect } from 'node:util';
import { workerData } from 'node:worker_threads';
import { expectListener } from '../../base/expect-listener.ts';
import { adoptHeap, sharedHeap } from '../../word/heap.ts';
import '../../word/process-heap.ts'; // Registers how the heap of the processes is found, should a message name it.
import { setMainModule } from '../../message/closures/index.ts';
import { carrierHere, type CarrierData, hasWorkers, SPARES_MAX, whenWorkersAreGone, withdrawCarriers } from './carrier.ts';
import { watchLeftovers } from './leftovers.ts';
import { announceLoading } from './loading.ts';
import { isLoopEmpty } from './loop.ts';
import { writeAll, writeDirectly } from './output.ts';
import { findItself } from '../../word/roster.ts';
import { tellNothingOfDescriptors } from './quiet-descriptors.ts';
import * as record from './record.ts';
import { Glance } from '../../sync/glance.ts';
import { awaitEnd, current, firstParcels, onEnd, onUncaught, runThread } from './run-thread.ts';
import { whenMonitorIsIdle } from './stacks.ts';
import { BUSY, carrierOffset, ENDING, GONE, PARKED, parkedCarriers, RETIRED, runOf, setRunOf, STARTING, takeRun } from './table.ts';

const { heap, carrier, manycoreMain, parcels } = workerData as CarrierData;
adoptHeap(heap);
carrierHere.number = carrier;
setMainModule(manycoreMain);
announceLoading(carrier);
writeDirectly();
tellNothingOfDescriptors();
firstParcels.current = parcels;

const state = carrierOffset(carrier) / 4;
const { i32 } = sharedHeap();
const views = i32 as Int32Array<SharedArrayBuffer>;
const stateWord = sharedHeap().word(carrierOffset(carrier));
/** Where one short thread follows the other, the next one comes before the carrier would be asleep. */
const parking = new Glance(0.05);
/** Keeps the worker's event loop alive while it waits in it. */
const hold = setInterval(() => {}, 0x7fff_ffff);

process.on(
  'exit',
  expectListener((code: number) => {
    withdrawCarriers();
    const run = runOf(carrier);
    if (run !== 0) record.die(run, 'exited', code);
    // Whoever made this worker may be blocked, and not hear of its end for long.
    else if (!hasWorkers()) Atomics.store(i32, state, GONE);
  }),
);
process.on(
  'uncaughtException',
  expectListener((error: unknown) => {
    if (current.record !== 0 && onUncaught.current !== null) onUncaught.current(error);
    else writeAll(2, Buffer.from(`Exception in a callback that a thread has left behind:\n${inspect(error)}\n`));
    // `exitThread` ends a thread silently, from a callback too.
    process.exit((error as { readonly code?: unknown } | null)?.code === 'ERR_THREAD_EXIT' ? 0 : 1);
  }),
);
onEnd.current = () => void Atomics.compareExchange(i32, state, BUSY, ENDING);
let leftovers: () => string | null = () => null;

/** Runs the thread that was given. */
function work(): void {
  const run = runOf(carrier);
  findItself();
  if (!takeRun(carrier)) awaitEnd();
  const isFresh = record.isFresh(run);
  const running = runThread(run);
  // Not at once: what the thread has left in the queues of its event loop has its turn first.
  if (running === null) setImmediate(park, isFresh);
  else void running.then(() => setImmediate(park, isFresh));
}

/** Waits for the next thread: hard, or in the event loop when workers of this one's may call. */
function park(isFresh: boolean): void {
  setRunOf(carrier, 0);
  if (isFresh || !isLoopEmpty() || leftovers() !== null || parkedCarriers() >= SPARES_MAX) {
    become(RETIRED);
    // What is still going on here goes on; then the worker ends, after those that it has made, which end with it.
    whenWorkersAreGone(() => whenMonitorIsIdle(() => clearInterval(hold)));
    return;
  }
  become(PARKED);
  waitForRun();
}

/** Says what this carrier does from now on, also to who waits for it to be free. */
function become(next: typeof PARKED | typeof RETIRED): void {
  Atomics.store(i32, state, next);
  stateWord.wake(Infinity);
}

function waitForRun(): void {
  if (!hasWorkers()) {
    parking.sees(stateWord, PARKED);
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

// Once this module has been evaluated: until then, Node has a listener of its own on process.
setImmediate(() => {
  leftovers = watchLeftovers(hold);
  if (Atomics.compareExchange(i32, state, STARTING, PARKED) === STARTING) waitForRun();
  else resume();
});
