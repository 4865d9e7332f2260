/*
 * The first code in a worker thread that manycore makes. It runs one thread after another, and waits in between.
 */
import { inspect } from 'node:util';
import { workerData } from 'node:worker_threads';
import { expectListener } from '../../base/expect-listener.ts';
import { adoptHeap, sharedHeap } from '../../word/heap.ts';
import '../../word/process-heap.ts'; // Registers how the heap of the processes is found, should a message name it.
import { setMainModule } from '../../message/closures/index.ts';
import { wasLoadingCutShort } from '../../message/index.ts';
import { carrierHere, type CarrierData, dismissCarriers, hasWorkers, SPARES_MAX, whenWorkersAreGone, withdrawCarriers } from './carrier.ts';
import { endIfDoomed } from './carry.ts';
import { watchLeftovers } from './leftovers.ts';
import { isLoopEmpty } from './loop.ts';
import { writeAll, writeDirectly } from './output.ts';
import { findItself } from '../../word/roster.ts';
import { linkSafely } from './safe-linking.ts';
import { tellNothingOfDescriptors } from './quiet-descriptors.ts';
import * as record from './record.ts';
import { Glance } from '../../sync/glance.ts';
import { awaitEnd, current, firstParcels, onEnd, onUncaught, runThread } from './run-thread.ts';
import { whenMonitorIsIdle } from './stacks.ts';
import { giveBack, letGo, passOn, takeAlong, takeGiven, takeOver } from './offers.ts';
import {
  BUSY,
  carrierOffset,
  ENDING,
  GONE,
  isMakerRetired,
  isOfMain,
  OF_MAIN,
  PARKED,
  parkedCarriers,
  RETIRED,
  STARTING,
} from './table.ts';

const { heap, carrier, manycoreMain, parcels } = workerData as CarrierData;
adoptHeap(heap);
carrierHere.number = carrier;
setMainModule(manycoreMain);
linkSafely();
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
    const run = takeAlong(carrier);
    giveBack(carrier, run);
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

/** Runs a thread that was given, or taken over. */
function work(run: number): void {
  const isFresh = record.isFresh(run);
  const running = runThread(run);
  // Not at once: what the thread has left in the queues of its event loop has its turn first.
  if (running === null) setImmediate(park, isFresh);
  else void running.then(() => setImmediate(park, isFresh));
}

/** Takes over a thread that nobody has been woken for; or waits for the next one: hard, or in the event loop when workers of this one's may call. */
function park(isFresh: boolean): void {
  letGo(carrier);
  const isClean = !isFresh && !wasLoadingCutShort() && isLoopEmpty() && leftovers() === null;
  const run = isClean ? takeOver(carrier) : 0;
  if (run !== 0) {
    endIfDoomed(run);
    become(BUSY);
    work(run);
  } else if (!isClean || areSparesEnough()) {
    become(RETIRED);
    endInOrder();
  } else {
    become(PARKED);
    waitForRun();
  }
}

/** The main thread's carriers are for all threads; what others have made, for these alone. */
function areSparesEnough(): boolean {
  return parkedCarriers(isOfMain(carrier) ? OF_MAIN : undefined) >= SPARES_MAX;
}

/** What is still going on here goes on; then the worker ends, after those that it has made, which end with it. */
function endInOrder(): void {
  void dismissCarriers();
  whenWorkersAreGone(() => whenMonitorIsIdle(() => clearInterval(hold)));
}

/** Says what this carrier does from now on, also to who waits for it to be free. */
function become(next: typeof PARKED | typeof RETIRED | typeof BUSY): void {
  Atomics.store(i32, state, next);
  stateWord.wake(Infinity);
}

function waitForRun(): void {
  if (isMakerRetired(carrier) && Atomics.compareExchange(i32, state, PARKED, RETIRED) === PARKED) return endInOrder();
  if (hasWorkers()) {
    const { async, value } = Atomics.waitAsync(views, state, PARKED);
    if (async) void value.then(resume);
    else setImmediate(resume);
    return;
  }
  parking.sees(stateWord, PARKED);
  while (Atomics.load(i32, state) === PARKED) Atomics.wait(views, state, PARKED);
  resume();
}

/** This carrier has been woken. */
function resume(): void {
  const run = takeGiven(carrier);
  if (run === null) awaitEnd();
  if (run === 0) return waitForRun();
  passOn();
  work(run);
}

// Once this module has been evaluated: until then, Node has a listener of its own on process.
setImmediate(() => {
  leftovers = watchLeftovers(hold);
  findItself();
  // What it was made for may have been taken over by others meanwhile.
  if (areSparesEnough() && Atomics.compareExchange(i32, state, STARTING, RETIRED) === STARTING) endInOrder();
  else resume();
});
