import { inspect } from 'node:util';
import { drop, post, read } from '../../message/index.ts';
import { Glance } from '../../sync/glance.ts';
import type { Waiting } from '../../sync/waiting.ts';
import { sharedHeap } from '../../word/heap.ts';
import type { FutexWord } from '../../word/word.ts';
import * as roster from '../../word/roster.ts';
import { showName } from './system-name.ts';
import { enterRecord, nonDaemonsOffset, removeRecord } from './table.ts';

/*
 * The record of a thread: one block, from before its start until nobody has a face of it any more.
 *
 *   word 0  state           INITIAL, STARTED, DOOMED, ENDED (in good order), DIED (how: roster), FAILED (never began)
 *   word 1  its number in the roster, once started
 *   word 2  flags           DAEMON, FRESH, ERRED, SHOWN, MUST_BEGIN
 *   word 3  the message with what it runs, until its carrier has taken it
 *   word 4  the message with the error that kept it from beginning
 *   word 5  how it died, and word 6 the exit code
 *   word 7  its carrier + 1; 0 while it has none
 *   word 8  a block with its name; 0 while that is the first one, and lies here
 *   word 9  the number of the worker that runs it, as Node counts them; 0 before that, and for the main thread
 *   word 10 how many bytes its first name has, which follow
 *
 *   INITIAL -> STARTED                 start, once
 *   STARTED -> ENDED, DIED, FAILED     the carrier; or whoever notices its death
 *   STARTED -> DOOMED                  who wants it terminated: it does not end in good order any more, and its carrier,
 *                                      should it come to the end, waits there, so that no other thread is hit
 *   DOOMED -> DIED                     whoever notices its death
 */
export const INITIAL = 0;
export const STARTED = 1;
export const DOOMED = 2;
export const ENDED = 3;
export const DIED = 4;
export const FAILED = 5;

const STATE = 0;
const ID = 1;
const FLAGS = 2;
const MESSAGE = 3;
const FAILURE = 4;
const HOW = 5;
const CODE = 6;
const CARRIER = 7;
const NAME = 8;
const WORKER = 9;
const FIRST_NAME = 10;
const BYTES = 128;
const FIRST_NAME_BYTES = BYTES - (FIRST_NAME + 1) * 4;

const DAEMON = 1;
const FRESH = 2;
const ERRED = 4;
/** The system shows its name, too. */
const SHOWN = 8;
/** The worker in which it can't begin ends with it. */
const MUST_BEGIN = 16;

const word = (record: number, index: number): number => record / 4 + index;
/** The words of the heap, the record's among them: another thread may have made it in memory that this one has not seen yet. */
const words = (record: number): Int32Array => {
  const heap = sharedHeap();
  heap.reach(record + BYTES);
  return heap.i32;
};
const load = (record: number, index: number): number => Atomics.load(words(record), word(record, index));
const store = (record: number, index: number, value: number): void => void Atomics.store(words(record), word(record, index), value);

export interface RecordOptions {
  readonly name: string;
  readonly daemon: boolean;
  readonly fresh: boolean;
  /** Whether the system is to show the name, too. */
  readonly shown?: boolean;
  /** Whether the worker ends if it can't begin there: for who hears of a worker's end, and of nothing else. */
  readonly mustBegin?: boolean;
}

export function newRecord({ name, daemon, fresh, shown = false, mustBegin = false }: RecordOptions): number {
  const heap = sharedHeap();
  const record = heap.allocate(BYTES);
  const flags = (daemon ? DAEMON : 0) | (fresh ? FRESH : 0) | (shown ? SHOWN : 0) | (mustBegin ? MUST_BEGIN : 0);
  heap.i32[word(record, FLAGS)] = flags;
  const text = String(name as unknown); // As in Python, anything has a text.
  if (text.length * 3 > FIRST_NAME_BYTES) setNameOf(record, text);
  else heap.i32[word(record, FIRST_NAME)] = heap.bytes.utf8Write(text, record + (FIRST_NAME + 1) * 4, FIRST_NAME_BYTES);
  return record;
}

export const stateOf = (record: number): number => load(record, STATE);
export const idOf = (record: number): number => load(record, ID);
export const workerOf = (record: number): number => load(record, WORKER);
export const setWorkerOf = (record: number, worker: number): void => store(record, WORKER, worker);
/** -1 as long as it has none. */
export const carrierOf = (record: number): number => load(record, CARRIER) - 1;
export const setCarrierOf = (record: number, carrier: number): void => store(record, CARRIER, carrier + 1);
export const isDaemon = (record: number): boolean => (load(record, FLAGS) & DAEMON) !== 0;
export const isFresh = (record: number): boolean => (load(record, FLAGS) & FRESH) !== 0;
export const mustBegin = (record: number): boolean => (load(record, FLAGS) & MUST_BEGIN) !== 0;
export const isShown = (record: number): boolean => (load(record, FLAGS) & SHOWN) !== 0;
export const hasEnded = (record: number): boolean => stateOf(record) >= ENDED;

export function setDaemon(record: number, daemon: boolean): void {
  store(record, FLAGS, (load(record, FLAGS) & ~DAEMON) | (daemon ? DAEMON : 0));
}

export function nameOf(record: number): string {
  const heap = sharedHeap();
  const block = load(record, NAME) * 16;
  if (block !== 0) heap.reach(block + heap.sizeOf(block));
  const at = block === 0 ? record + FIRST_NAME * 4 : block;
  return heap.bytes.toString('utf8', at + 4, at + 4 + heap.i32[at / 4]!);
}

function setNameOf(record: number, name: string): void {
  const heap = sharedHeap();
  const text = String(name as unknown);
  const length = Buffer.byteLength(text);
  const block = heap.allocateAnyhow(length + 4);
  heap.bytes.write(text, block + 4, length);
  heap.i32[block / 4] = length;
  // The old text stays: somebody may be reading it. Both go with the record.
  store(record, NAME, block / 16);
  heap.attach(record, block);
  const id = load(record, ID);
  if (id !== 0) roster.setName(id, nameOf(record));
}

/** Gives a thread another name, at any time; the system shows it from now on. */
export function rename(record: number, name: string): void {
  setNameOf(record, name);
  Atomics.or(sharedHeap().i32, word(record, FLAGS), SHOWN);
  const id = load(record, ID);
  if (id !== 0 && load(record, STATE) === STARTED) showName(roster.nativeIdOf(id), nameOf(record));
}

/** The main thread's number in the roster. */
export const MAIN = 1;

/** The record of the main thread: it runs already. */
export function newMainRecord(): number {
  const record = newRecord({ name: 'MainThread', daemon: false, fresh: false });
  store(record, ID, MAIN);
  store(record, STATE, STARTED);
  return record;
}

/** The record of a worker that the program has made itself: it runs already. */
export function newForeignRecord(name: string, worker: number): number {
  // Its one reference is the run's own.
  const record = newRecord({ name, daemon: true, fresh: true });
  const id = roster.enter({ name, daemon: true });
  store(record, ID, id);
  store(record, WORKER, worker);
  store(record, STATE, STARTED);
  enterRecord(id, record);
  return record;
}

/** Says that the main thread has come to the end of the program, as far as those are concerned who join it. It stays enrolled. */
export function endMain(record: number): void {
  const heap = sharedHeap();
  if (Atomics.compareExchange(heap.i32, word(record, STATE), STARTED, ENDED) === STARTED) heap.word(record).wake(Infinity);
}

/** Enrols the thread and makes it STARTED. False when it was started before. `name`: the one that it was made with, if the caller knows that. */
export function begin(record: number, message: number, name?: string): boolean {
  const heap = sharedHeap();
  const view = words(record);
  if (Atomics.compareExchange(view, word(record, STATE), INITIAL, STARTED) !== INITIAL) return false;
  try {
    const daemon = (Atomics.load(view, word(record, FLAGS)) & DAEMON) !== 0;
    const isRenamed = name === undefined || Atomics.load(view, word(record, NAME)) !== 0;
    const id = roster.enter({ name: isRenamed ? nameOf(record) : name, daemon });
    Atomics.store(view, word(record, ID), id);
    Atomics.store(view, word(record, MESSAGE), message / 16);
    heap.retain(record); // The run's own reference.
    enterRecord(id, record);
    if (!daemon) Atomics.add(view, nonDaemonsOffset() / 4, 1);
    return true;
  } catch (error) {
    store(record, STATE, INITIAL);
    throw error;
  }
}

/** Takes a start back: nothing has run, and it may be tried again. */
export function unbegin(record: number): void {
  finish(record, INITIAL);
}

export const messageOf = (record: number): number => (load(record, MESSAGE) >>> 0) * 16;
/** Takes the message: who comes second has none; 0. */
export const takeMessage = (record: number): number => (Atomics.exchange(sharedHeap().i32, word(record, MESSAGE), 0) >>> 0) * 16;

/** Says that a thread is to be terminated. False when it has ended, or somebody else has said so. */
export function doom(record: number): boolean {
  return Atomics.compareExchange(sharedHeap().i32, word(record, STATE), STARTED, DOOMED) === STARTED;
}

/** Says that an error ends the thread: locks that it still holds when it has ended are abandoned. */
export function err(record: number): void {
  Atomics.or(sharedHeap().i32, word(record, FLAGS), ERRED);
}

/** Says that the thread has ended. Only the first who says so is heard. */
export function end(record: number): boolean {
  return finish(record, ENDED);
}

export function die(record: number, how: roster.Death, code: number): boolean {
  // Whoever has noticed it first says how.
  if (hasEnded(record)) return false;
  store(record, HOW, roster.DEATHS_BY_CODE.indexOf(stateOf(record) === DOOMED ? 'terminated' : how));
  store(record, CODE, code);
  return finish(record, DIED);
}

/** Says that a thread is terminated, or lost, that no carrier has begun with, nor will: one that has got as far as its message waits for its end. */
export function endBeforeBegin(record: number, how: 'terminated' | 'lost' = 'terminated'): void {
  const message = takeMessage(record);
  if (message !== 0) drop(message);
  die(record, how, 1);
}

/** Says why a thread could not even begin. */
export function failToBegin(record: number, error: unknown): boolean {
  const offset = postError(error);
  const heap = sharedHeap();
  store(record, FAILURE, offset / 16);
  heap.attach(record, offset);
  return finish(record, FAILED);
}

function postError(error: unknown): number {
  try {
    return post(error).offset;
  } catch {
    return post(new Error(inspect(error))).offset; // What hangs on it can't travel: its text can.
  }
}

function finish(record: number, state: number): boolean {
  const heap = sharedHeap();
  const view = words(record);
  const place = word(record, STATE);
  const id = Atomics.load(view, word(record, ID));
  const before = Atomics.compareExchange(view, place, STARTED, state);
  if (before === DOOMED && state === DIED) {
    if (Atomics.compareExchange(view, place, DOOMED, DIED) !== DOOMED) return false;
  } else if (before !== STARTED) return false;
  const flags = Atomics.load(view, word(record, FLAGS));
  if (state === DIED) roster.die(id, roster.DEATHS_BY_CODE[load(record, HOW)]!);
  else if ((flags & ERRED) !== 0) roster.die(id, 'ended by an error');
  else roster.leave(id);
  removeRecord(id, record);
  if ((flags & DAEMON) === 0) {
    Atomics.sub(view, nonDaemonsOffset() / 4, 1);
    heap.word(nonDaemonsOffset()).wake(Infinity);
  }
  heap.word(record).wake(Infinity);
  heap.release(record);
  return true;
}

/** How a thread died; `undefined` when it did not. */
export function deathOf(record: number): { readonly how: roster.Death; readonly code: number } | undefined {
  return stateOf(record) === DIED ? { how: roster.DEATHS_BY_CODE[load(record, HOW)]!, code: load(record, CODE) } : undefined;
}

/** What kept a thread from beginning. */
export function failureOf(record: number): unknown {
  const message = (load(record, FAILURE) >>> 0) * 16;
  return message === 0 ? undefined : read(message);
}

/** About what it costs to be woken by the end of a thread. */
const joining = new Glance(0.08);

/** Whether the thread has ended, or does so in a moment: many have little to do, and most of that is over when somebody joins them. */
export function endsAtOnce(record: number): boolean {
  return hasEnded(record) || (stateOf(record) === STARTED && joining.sees(sharedHeap().word(record), STARTED) && hasEnded(record));
}

/** Waits until the thread has ended. */
export function* ended(record: number, state: FutexWord): Waiting<boolean> {
  const target = { kind: 'join', target: idOf(record) } as const;
  for (let expected = stateOf(record); expected < ENDED; expected = stateOf(record)) {
    const reason = yield { word: state, expected, target };
    // A death that nobody has reported shows in the roster.
    if (!hasEnded(record) && roster.isDead(idOf(record))) die(record, 'lost', 1);
    if (reason === 'timed-out' || reason === 'cancelled') return hasEnded(record);
  }
  return true;
}
