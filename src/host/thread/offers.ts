import { sharedHeap } from '../../word/heap.ts';
import { Glance } from '../../sync/glance.ts';
import { onPatrol } from '../../sync/patrol.ts';
import * as record from './record.ts';
import { BUSY, CARRIERS, carrierOffset, FREE, isOfMain, offersOffset, PARKED, STARTING } from './table.ts';

/*
 * How a thread gets from who starts it to a carrier.
 *
 * Each thread has a carrier of its own from its start on, which waits or comes up: so threads that wait for each other run at the same time, however
 * many. But most threads are over in less time than it takes to wake the next carrier. So who starts several wakes one carrier; that one wakes the
 * next before it runs its thread, and so on; and one that has done its thread takes over another's that has not been woken yet. Then a few carriers,
 * awake and warm, run most of many short threads, and the others sleep on.
 *
 * The last word of a carrier's entry says how far it is with the record that it has been given:
 *   NONE         it has none, or that is being said
 *   OFFERED      it has one, and sleeps
 *   EARLY        it has one, and its worker is still starting
 *   CALLED       it has one, and has been woken, or needs no call and is to keep it
 *   TAKEN        it runs it
 *   WITHDRAWN    its worker is ended, and has not begun with it: it touches it no more
 *   STOLEN + n   carrier n takes it over, or takes it away to end the thread (n is -1 for the main thread)
 *
 *   NONE -> OFFERED, EARLY, CALLED         who starts the thread, and has made the carrier BUSY for that
 *   OFFERED -> CALLED                      whoever wakes it
 *   OFFERED, EARLY, CALLED -> TAKEN        the carrier
 *   OFFERED, EARLY, CALLED -> WITHDRAWN    its maker
 *   OFFERED, EARLY -> STOLEN -> NONE       carrier n; then the carrier is free again
 *   STOLEN -> OFFERED, EARLY               carrier n, that has found another thread there than the one it ends
 *   STOLEN -> CALLED, NONE                 the maker of carrier n, which has died
 *   NONE -> TAKEN                          the carrier, with a thread that it has taken over
 *   TAKEN -> NONE                          the carrier, after its thread
 *
 * A thread is taken over without a wait of anybody: who wants its end meanwhile says so (DOOMED) and leaves it alone, and who has taken it over looks
 * whether somebody has. Nobody can end that carrier before it is through.
 *
 * Two words for all: how many are OFFERED or EARLY, or more, for one that dies may leave it too high; and CALLING, 1 when a carrier has been woken that
 * has not yet looked whom to wake.
 * Invariant: while somebody is OFFERED, CALLING is 1, or somebody is about to look. A carrier that dies before it looks is made up for by who ends
 * it, who hears of its end, and at the latest by whoever has waited for a while.
 *
 * Only carriers of the main thread's are OFFERED and take over: they live as long as the process, unless they are ended for their thread's sake.
 */
const NONE = 0;
const OFFERED = 1;
const EARLY = 2;
const CALLED = 3;
const TAKEN = 4;
const WITHDRAWN = 5;
const STOLEN = 16;
/** Of the main thread. */
const FIRST_STOLEN = STOLEN - 1;

const words = (): Int32Array<SharedArrayBuffer> => sharedHeap().i32 as Int32Array<SharedArrayBuffer>;
const stateAt = (carrier: number): number => carrierOffset(carrier) / 4;
const runAt = (carrier: number): number => stateAt(carrier) + 1;
const claimAt = (carrier: number): number => stateAt(carrier) + 5;
const countAt = (): number => offersOffset() / 4;
const callingAt = (): number => countAt() + 1;

/** The record that a carrier has been given; 0: none. */
export function runOf(carrier: number): number {
  return (Atomics.load(words(), runAt(carrier)) >>> 0) * 16;
}

const isGiven = (claim: number): boolean => claim === OFFERED || claim === EARLY || claim === CALLED;

/** Makes one claim another, unless somebody has been quicker. */
function settle(carrier: number, before: number, after: number): boolean {
  if (Atomics.compareExchange(words(), claimAt(carrier), before, after) !== before) return false;
  if (before === OFFERED || before === EARLY) Atomics.sub(words(), countAt(), 1);
  return true;
}

function wake(carrier: number): void {
  Atomics.notify(words(), stateAt(carrier));
}

/** Says to whom a record is given that has been entered. The carrier may be awake and wait for just this. */
function say(carrier: number, claim: typeof OFFERED | typeof EARLY | typeof CALLED): void {
  Atomics.store(words(), claimAt(carrier), claim);
  Atomics.notify(words(), claimAt(carrier));
}

/** The entry holds the record: as long as it is named there, it is nobody else's, though its thread may have ended. */
function enter(carrier: number, run: number): void {
  sharedHeap().retain(run);
  Atomics.store(words(), runAt(carrier), run / 16);
}

/** Gives a record to a carrier that the caller has made BUSY, and that is to keep it. */
export function give(carrier: number, run: number): void {
  enter(carrier, run);
  say(carrier, CALLED);
  wake(carrier);
}

/** Gives a record to a carrier that the caller has made BUSY, or to whichever is free before that. `isUp`: its worker has started. */
export function offer(carrier: number, run: number, isUp: boolean): void {
  if (!isOfMain(carrier)) return give(carrier, run);
  const view = words();
  if (isUp && Atomics.compareExchange(view, callingAt(), 0, 1) === 0) return give(carrier, run);
  enter(carrier, run);
  Atomics.add(view, countAt(), 1);
  say(carrier, isUp ? OFFERED : EARLY);
  // Who was called may have looked before this was to be seen.
  if (isUp) callNext();
}

/** For a carrier that comes to its own, before it runs anything: calls the next. */
export function passOn(): void {
  Atomics.store(words(), callingAt(), 0);
  if (Atomics.load(words(), countAt()) > 0) callNext();
}

/** Has one carrier called that is OFFERED, if there is any: by the caller, or by one that is called already. */
function callNext(): void {
  const view = words();
  while (find(OFFERED) >= 0 && Atomics.compareExchange(view, callingAt(), 0, 1) === 0) {
    for (let carrier = find(OFFERED); carrier >= 0; carrier = find(OFFERED)) if (call(carrier)) return;
    Atomics.store(view, callingAt(), 0);
  }
}

function call(carrier: number): boolean {
  if (!settle(carrier, OFFERED, CALLED)) return false;
  wake(carrier);
  return true;
}

/** Calls all that wait to be called: one that should have done so may be dead, also between having said so and the wake. */
export function callAll(): void {
  const view = words();
  // Also when nobody waits: whoever is given a thread next would be thought to be called by one that is dead.
  Atomics.store(view, callingAt(), 0);
  for (let carrier = 0; carrier < CARRIERS && Atomics.load(view, stateAt(carrier)) !== FREE; carrier++) {
    const claim = Atomics.load(view, claimAt(carrier));
    if (claim === CALLED || (claim === OFFERED && settle(carrier, OFFERED, CALLED))) wake(carrier);
  }
}
onPatrol.push(callAll);

/** The first carrier with this claim, or with the other; -1 when there is none. */
function find(claim: number, other = claim): number {
  const view = words();
  for (let carrier = 0; carrier < CARRIERS && Atomics.load(view, stateAt(carrier)) !== FREE; carrier++) {
    const found = Atomics.load(view, claimAt(carrier));
    if (found === claim || found === other) return carrier;
  }
  return -1;
}

/** A carrier that was looking out for its next thread sees that it is BUSY before it has been given one: a microsecond later, or when whoever does so goes on. */
const given = new Glance(0.05);

function awaitChange(carrier: number, claim: number): void {
  if (!given.sees(sharedHeap().word(claimAt(carrier) * 4), claim)) Atomics.wait(words(), claimAt(carrier), claim, 1);
}

/** For a carrier that is awake: the record that it is to run from now on; 0 when another one has that, and it is to wait again. `null`: its end is near. */
export function takeGiven(carrier: number): number | null {
  const view = words();
  for (;;) {
    const state = Atomics.load(view, stateAt(carrier));
    if (state === PARKED) return 0;
    if (state === STARTING) {
      Atomics.compareExchange(view, stateAt(carrier), STARTING, PARKED);
      continue;
    }
    const claim = Atomics.load(view, claimAt(carrier));
    if (claim === WITHDRAWN) return null;
    // Whoever gives it, or takes it away, needs a moment.
    if (!isGiven(claim)) awaitChange(carrier, claim);
    else if (settle(carrier, claim, TAKEN)) return runOf(carrier);
  }
}

/** What a carrier was given is over: its thread has ended, or was taken from it. */
export function letGo(carrier: number): void {
  const run = (Atomics.exchange(words(), runAt(carrier), 0) >>> 0) * 16;
  Atomics.store(words(), claimAt(carrier), NONE);
  if (run !== 0) sharedHeap().release(run);
}

/** For a carrier between two threads: takes over the record of one that has not been called; 0 when there is none. It has to see then whether it is DOOMED. */
export function takeOver(thief: number): number {
  const view = words();
  if (Atomics.load(view, countAt()) <= 0 || !isOfMain(thief)) return 0;
  for (let carrier = find(OFFERED, EARLY); carrier >= 0; carrier = find(OFFERED, EARLY)) {
    const claim = Atomics.load(view, claimAt(carrier));
    if ((claim !== OFFERED && claim !== EARLY) || !settle(carrier, claim, STOLEN + thief)) continue;
    const run = runOf(carrier);
    // In this order: as soon as this thief is known to have it, it may be ended for it, and has to have let go of the other.
    enter(thief, run);
    record.setCarrierOf(run, thief);
    free(carrier, claim);
    Atomics.store(view, claimAt(thief), TAKEN);
    return run;
  }
  return 0;
}

/** What was given to a carrier has been taken from it: it waits again, or comes up as a spare. */
function free(carrier: number, claim: typeof OFFERED | typeof EARLY): void {
  letGo(carrier);
  Atomics.compareExchange(words(), stateAt(carrier), BUSY, claim === EARLY ? STARTING : PARKED);
}

/**
 * For who ends a thread, the carrier `by` or -1: true when its record could be taken from its carrier, which had not begun; else which carrier has to be
 * ended for it; -1: none, for it has ended, or who gives it to one sees that its end is wanted.
 */
export function revoke(run: number, by: number): true | number {
  const view = words();
  for (;;) {
    const carrier = record.carrierOf(run);
    if (carrier < 0) return -1;
    const claim = Atomics.load(view, claimAt(carrier));
    // Only if it is still this carrier's, the claim is about this thread.
    if (record.carrierOf(run) !== carrier) continue;
    // If it names another one, this one is over: somebody else has ended it, or its carrier has died.
    if (claim === CALLED || claim === TAKEN) return runOf(carrier) === run ? carrier : -1;
    if (claim !== OFFERED && claim !== EARLY) return -1;
    if (!settle(carrier, claim, STOLEN + by)) continue;
    if (runOf(carrier) === run) {
      free(carrier, claim);
      return true;
    }
    // Taken over in between, and this is the next one's.
    Atomics.add(view, countAt(), 1);
    Atomics.store(view, claimAt(carrier), claim);
    callNext();
  }
}

/** Whether somebody is about to take away what the carrier was given. */
export function isStolen(carrier: number): boolean {
  return Atomics.load(words(), claimAt(carrier)) >= FIRST_STOLEN;
}

/** For who ends a worker, or hears of its end: the record that is lost with it, told once unless it had begun; 0 when it has none, or another has it. */
export function withdraw(carrier: number): { readonly run: number; readonly hadBegun: boolean } {
  for (;;) {
    const claim = Atomics.load(words(), claimAt(carrier));
    // What it was taking over is entered before that is said.
    if (claim === TAKEN || claim === NONE) return { run: runOf(carrier), hadBegun: claim === TAKEN };
    if (!isGiven(claim)) return { run: 0, hadBegun: false };
    if (settle(carrier, claim, WITHDRAWN)) return { run: runOf(carrier), hadBegun: false };
  }
}

/** For a carrier that ends by itself: the record that it takes along; 0 when it has none. */
export function takeAlong(carrier: number): number {
  for (;;) {
    const claim = Atomics.load(words(), claimAt(carrier));
    // What it was taking over is entered before that is said.
    if (claim === TAKEN || claim === NONE) return runOf(carrier);
    // Whoever takes it away writes here until then.
    if (claim >= FIRST_STOLEN) awaitChange(carrier, claim);
    else if (!isGiven(claim)) return 0;
    else settle(carrier, claim, TAKEN);
  }
}

/** A carrier has ended: what it was about to take stays with whom it was given to, unless that thread's end is wanted. `lost` is what it had. */
export function giveBack(thief: number, lost: number): void {
  for (let carrier = find(STOLEN + thief); carrier >= 0; carrier = find(STOLEN + thief)) {
    const run = runOf(carrier);
    const isDoomed = run !== 0 && run !== lost && record.stateOf(run) === record.DOOMED;
    if (isDoomed) record.endBeforeBegin(run);
    if (run === 0 || run === lost || isDoomed) free(carrier, OFFERED);
    else {
      record.setCarrierOf(run, carrier);
      Atomics.store(words(), claimAt(carrier), CALLED);
    }
  }
  callAll();
}
