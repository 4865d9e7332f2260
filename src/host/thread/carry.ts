import { Glance } from '../../sync/glance.ts';
import { sharedHeap } from '../../word/heap.ts';
import { carrierHere, type CarrierOptions, kill, newCarrier } from './carrier.ts';
import { give, offer, revoke } from './offers.ts';
import * as record from './record.ts';
import { BUSY, carrierOffset, ENDING, freeCarrier, GONE, OF_MAIN, PARKED, STARTING, takeCarrier, takeCarrierThatIs } from './table.ts';

/* How a thread comes to a carrier, and is ended with it. */

/** A carrier that the caller has made BUSY. */
interface Carrier {
  readonly carrier: number;
  /** Whether its worker has started. */
  readonly isUp: boolean;
}

/** A carrier that has been made before it was known what it will run; -1 when there is none. */
let prepared = -1;

/**
 * Has a worker made if none is parked, for what the caller is about to pack: both take their time, the first time above all. Should
 * nothing come of it, the worker is a spare. `own`: for who takes none but a worker that this thread has made.
 */
export function prepareCarrier(own = false): void {
  if (prepared < 0 && freeCarrier({ maker: carrierHere.number, orMain: !own }) < 0) prepared = newCarrier(STARTING, {});
}

function takePreparedCarrier(): Carrier | null {
  const carrier = prepared;
  prepared = -1;
  const before = carrier < 0 ? GONE : takeCarrier(carrier);
  return before === GONE ? null : { carrier, isUp: before === PARKED };
}

/** A worker that is about to be free takes some microseconds for that, or a few turns of a busy machine, and a new one many milliseconds. */
const PATIENCE_MS = 10;
const freedAtOnce = new Glance(0.05);

/**
 * Takes a carrier that runs nothing; `null` when there is none. One that starts is as good as one whose thread has just ended: that one takes its
 * thread over (see offers.ts). Where it can't, because it must be one of this thread's, the other is waited for a moment. What other threads have
 * made is theirs: it would end with them.
 */
function takeFreeCarrier(own: boolean): Carrier | null {
  const makers = { maker: carrierHere.number, orMain: !own };
  const parked = takeCarrierThatIs(PARKED, makers);
  if (parked >= 0) return { carrier: parked, isUp: true };
  const starting = own ? -1 : takeCarrierThatIs(STARTING, OF_MAIN);
  if (starting >= 0) return { carrier: starting, isUp: false };
  const free = freeCarrier(makers);
  if (free < 0) return null;
  const state = sharedHeap().word(carrierOffset(free));
  if (!freedAtOnce.sees(state, ENDING)) state.sleep(ENDING, performance.now() + PATIENCE_MS);
  const freed = takeCarrierThatIs(PARKED, makers);
  return freed < 0 ? null : { carrier: freed, isUp: true };
}

/** Gives a record, whose message is ready, to a carrier: a parked one at the cost of a wake, or a new one. */
export function carry(run: number, options: CarrierOptions = {}): void {
  const needsNew = record.isFresh(run) || options.resourceLimits !== undefined || (options.parcels ?? null) !== null;
  const found = needsNew ? null : (takePreparedCarrier() ?? takeFreeCarrier(options.own === true));
  const { carrier, isUp } = found ?? { carrier: newCarrier(BUSY, options), isUp: false };
  record.setCarrierOf(run, carrier);
  if (needsNew || options.own === true) give(carrier, run);
  else offer(carrier, run, isUp);
  // Somebody has wanted its end before it had a carrier.
  endIfDoomed(run);
}

/** For who has given a thread to a carrier, or is the one that has taken it over: ends it if somebody has wanted that meanwhile. */
export function endIfDoomed(run: number): void {
  if (record.stateOf(run) === record.DOOMED) endDoomed(run);
}

/** Ends a thread, wherever it is, with the worker that carries it; nothing when it has ended. What it held is abandoned. */
export function terminate(run: number): void {
  if (record.doom(run)) endDoomed(run);
}

function endDoomed(run: number): void {
  const bearer = revoke(run, carrierHere.number);
  if (bearer === true) record.endBeforeBegin(run);
  else if (bearer >= 0) kill(bearer);
}
