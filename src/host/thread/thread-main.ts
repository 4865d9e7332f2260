/*
 * The first code in a worker thread that manycore makes. It runs one thread after another, and waits in between.
 */
import { AsyncResource } from 'node:async_hooks';
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
import { isLoopEmpty, runReactions } from './loop.ts';
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

/** After so many threads the event loop has its turn in any case, for what Node and V8 have to do there. */
const TURN_EVERY = 16;
let sinceTurn = 0;

/** Runs a thread that was given, or taken over, and those after it, until the event loop has its turn. */
function work(first: number): void {
  for (let run = first; run !== 0;) {
    const isFresh = record.isFresh(run);
    const running = inContextOfItsOwn(run);
    if (running !== null) return void running.then(() => setImmediate(park, isFresh));
    // What the thread has left in the queues of its event loop has its turn first.
    if (isFresh || !isSettled()) return void setImmediate(park, isFresh);
    run = next(true);
  }
}

/** What a thread enters in an AsyncLocalStorage is not seen by the next one. */
function inContextOfItsOwn(run: number): Promise<void> | null {
  return new AsyncResource('Thread', { requireManualDestroy: true }).runInAsyncScope(runThread, undefined, run);
}

/** Whether all that the last thread has left has had its turn, and is gone. False as well where the event loop is needed for that. */
function isSettled(): boolean {
  // With workers, this may run within a reaction of a promise: no others run then.
  return ++sinceTurn < TURN_EVERY && !hasWorkers() && runReactions() && isClean();
}

function isClean(): boolean {
  return isLoopEmpty() && leftovers() === null && !wasLoadingCutShort();
}

function park(isFresh: boolean): void {
  sinceTurn = 0;
  work(next(!isFresh && isClean()));
}

/** Takes over a thread that nobody has been woken for; or waits for the next one. 0: it ends, or will be called. */
function next(isUsable: boolean): number {
  letGo(carrier);
  const run = isUsable ? takeOver(carrier) : 0;
  if (run !== 0) {
    endIfDoomed(run);
    become(BUSY);
    return run;
  }
  if (!isUsable || areSparesEnough()) {
    become(RETIRED);
    endInOrder();
    return 0;
  }
  become(PARKED);
  return waitForRun();
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

/** Waits for the next thread: hard, or in the event loop when workers of this one's may call. */
function waitForRun(): number {
  for (;;) {
    if (isMakerRetired(carrier) && Atomics.compareExchange(i32, state, PARKED, RETIRED) === PARKED) {
      endInOrder();
      return 0;
    }
    if (hasWorkers()) {
      const { async, value } = Atomics.waitAsync(views, state, PARKED);
      if (async) void value.then(resume);
      else setImmediate(resume);
      return 0;
    }
    parking.sees(stateWord, PARKED);
    while (Atomics.load(i32, state) === PARKED) Atomics.wait(views, state, PARKED);
    const run = take();
    if (run !== 0) return run;
  }
}

/** What this carrier is to run, now that it is awake; 0 when another one has that. */
function take(): number {
  const run = takeGiven(carrier);
  if (run === null) awaitEnd();
  if (run !== 0) passOn();
  return run;
}

function resume(): void {
  work(take() || waitForRun());
}

// Once this module has been evaluated: until then, Node has a listener of its own on process.
setImmediate(() => {
  leftovers = watchLeftovers(hold);
  findItself();
  // What it was made for may have been taken over by others meanwhile.
  if (areSparesEnough() && Atomics.compareExchange(i32, state, STARTING, RETIRED) === STARTING) endInOrder();
  else resume();
});
