import { observed } from '../../base/observer.ts';
import { monotonic } from '../../base/monotonic.ts';
import type { Ports } from '../../host/thread/port.ts';
import { isMustAwait, type MustAwait } from '../../message/index.ts';
import { CANCELLED, moveRecord, PENDING, RUNNING as BEGUN } from '../future-record.ts';
import { isAwaited } from './awaited.ts';
import { applyToChunk, type ChunkArgs } from './chunk.ts';
import { type AnyFunction, FunctionCache } from './function-table.ts';
import { HandBack } from './hand-back.ts';
import type { InHand } from './in-hand.ts';
import {
  AWAITS,
  BEGAN,
  BLOCK,
  CANCELLING,
  CHUNK,
  DONE,
  EMITTED,
  FAILED,
  type Fabric,
  FLAGS,
  FUNCTION,
  INTERRUPTING,
  KIND,
  LISTENED,
  MESSAGE,
  NONE,
  QUEUED,
  RECORD,
  RUNNING,
  SENT_AT,
  STAMPED,
  STATE,
  TIMED,
  WITHDRAWN,
} from './layout.ts';
import type { Reporter } from './reporter.ts';
import type { RunTimes } from './run-times.ts';
import { isStream, type Stream } from './stream.ts';
import { sendStream } from './stream-sender.ts';
import { runListened, type Task, taskHere } from './task.ts';
import { dropValue, takeValue } from './values.ts';

/** Runs the tasks that lie in slots. */
export class TaskRunner {
  readonly #fabric: Fabric;
  /** What this worker writes into the state of a slot beside the state. */
  readonly #mark: number;
  readonly #inHand: InHand;
  readonly #times: RunTimes;
  readonly #reporter: Reporter;
  readonly #back: HandBack;
  readonly #hasEnded: () => void;
  readonly functions: FunctionCache;
  /** How many tasks it has run. */
  ran = 0;
  readonly #loaded = new Map<number, { readonly missing: MustAwait; readonly parcels: readonly unknown[] | null }>();

  constructor(
    fabric: Fabric,
    area: number,
    mark: number,
    ports: Ports,
    inHand: InHand,
    times: RunTimes,
    /** A task has ended that had been awaited. */
    hasEnded: () => void,
    reporter: Reporter,
  ) {
    this.#fabric = fabric;
    this.#mark = mark;
    this.#inHand = inHand;
    this.#times = times;
    this.#hasEnded = hasEnded;
    this.#reporter = reporter;
    this.#back = new HandBack(fabric, area, mark, ports, reporter);
    this.functions = new FunctionCache(fabric);
  }

  /** Runs the task in a slot if it is still to be run: 1, or 0. */
  run(number: number, parcels: readonly unknown[] | null = null): number {
    const { i32 } = this.#fabric;
    const slot = this.#fabric.slot(number);
    const before = Atomics.compareExchange(i32, slot, QUEUED, RUNNING | this.#mark);
    if (before !== QUEUED) {
      if (before === WITHDRAWN && Atomics.compareExchange(i32, slot, WITHDRAWN, DONE | this.#mark) === WITHDRAWN)
        this.#reporter.report(number);
      return 0;
    }
    // Who has given it to this worker alone may be waiting for that.
    if (parcels !== null) Atomics.notify(i32, slot);
    this.ran++;
    const flags = i32[slot + FLAGS]!;
    if ((flags & (TIMED | STAMPED)) !== 0) this.#noteBegin(slot, flags);
    const record = Atomics.load(i32, slot + RECORD) >>> 0;
    if (record !== 0 && moveRecord(record, PENDING, BEGUN) === CANCELLED) {
      dropValue(this.#fabric, slot);
      this.#back.finish(number, slot, undefined, 0, false);
      return 1;
    }
    this.#begin(number, slot, parcels, null);
    return 1;
  }

  /** Calls the task. `missing` has been loaded for it. */
  #begin(number: number, slot: number, parcels: readonly unknown[] | null, missing: MustAwait | null): void {
    const flags = this.#fabric.i32[slot + FLAGS]!;
    let result: unknown;
    let isPromise: boolean;
    let yields: boolean;
    const { calls } = this.#inHand;
    calls.push(number);
    try {
      result =
        (flags & LISTENED) === 0
          ? this.#call(slot, flags, parcels)
          : runListened(
              (message) => this.#reporter.send(number, EMITTED, message),
              () => this.#call(slot, flags, parcels),
            );
      // Both look at what the task has made, which may throw.
      isPromise = isAwaited(result);
      yields = !isPromise && isStream(result);
      calls.pop();
    } catch (error) {
      calls.pop();
      if (isMustAwait(error) && error !== missing) this.#load(number, slot, error, parcels);
      else this.#back.finish(number, slot, error, FAILED, false);
      return;
    }
    // A `then` of a program may do what it likes: a promise of ours hears it once.
    if (isPromise) this.#await(number, slot, Promise.resolve(result));
    else if (yields) {
      const { awaiting } = this.#inHand;
      const send = (kind: number, value: unknown): void => this.#reporter.send(number, kind, value);
      this.#await(
        number,
        slot,
        sendStream(this.#fabric, slot, result as Stream, () => awaiting.get(number), send),
      );
    } else this.#back.finish(number, slot, result, 0, false);
  }

  #noteBegin(slot: number, flags: number): void {
    const { f64 } = this.#fabric;
    const now = monotonic();
    if ((flags & STAMPED) !== 0) this.#times.waited(now - f64[(slot + SENT_AT) >> 1]!);
    if ((flags & TIMED) !== 0) f64[(slot + BEGAN) >> 1] = now;
  }

  #call(slot: number, flags: number, parcels: readonly unknown[] | null): unknown {
    const { i32 } = this.#fabric;
    const number = i32[slot + FUNCTION]!;
    if (number === 0) {
      const [called, ...args] = takeValue(this.#fabric, slot, parcels) as [AnyFunction, ...never[]];
      const fn = observed(called);
      return (flags & CHUNK) === 0 ? fn(...args) : applyToChunk(fn, ...(args as unknown as ChunkArgs));
    }
    const fn = observed(this.functions.get(number) as (...args: unknown[]) => unknown);
    const kind = i32[slot + KIND]!;
    if (kind === NONE) return fn();
    const args = takeValue(this.#fabric, slot, parcels);
    if (kind !== MESSAGE && kind !== BLOCK) return fn(args);
    return (flags & CHUNK) === 0 ? fn(...(args as unknown[])) : applyToChunk(fn as AnyFunction, ...(args as ChunkArgs));
  }

  /** From here on the task is no call that could be interrupted. When somebody is about to do that, it is waited for. */
  #becomeAsync(slot: number): void {
    if ((Atomics.or(this.#fabric.i32, slot + FLAGS, AWAITS) & INTERRUPTING) !== 0) this.#back.standStill();
  }

  /** Something that the task needs lies in a module that has to be awaited: it is called again when that is there, as if for the first time. */
  #load(number: number, slot: number, missing: MustAwait, parcels: readonly unknown[] | null): void {
    this.#becomeAsync(slot);
    const task: Task = { controller: null };
    const { awaiting } = this.#inHand;
    awaiting.set(number, task);
    missing.load().then(
      () => {
        if (awaiting.get(number) !== task) return;
        awaiting.delete(number);
        this.#loaded.set(number, { missing, parcels });
        this.#hasEnded();
      },
      (error: unknown) => this.#finishAwaited(number, slot, task, error, FAILED),
    );
  }

  /** Whether there are tasks whose modules are there by now. */
  get hasLoaded(): boolean {
    return this.#loaded.size > 0;
  }

  /** Calls such a task again; false when there is none. */
  runLoaded(): boolean {
    for (const [number, { missing, parcels }] of this.#loaded) {
      this.#loaded.delete(number);
      const slot = this.#fabric.slot(number);
      // It is a call again. Who has broken it off while it was none says so by a port: then nothing is called.
      if ((Atomics.and(this.#fabric.i32, slot + FLAGS, ~AWAITS) & INTERRUPTING) === 0) this.#begin(number, slot, parcels, missing);
      return true;
    }
    return false;
  }

  #await(number: number, slot: number, result: Promise<unknown>): void {
    this.#becomeAsync(slot);
    const { awaiting } = this.#inHand;
    const task: Task = taskHere.current ?? { controller: null };
    awaiting.set(number, task);
    const start = monotonic();
    const end = (value: unknown, flags: number): void => {
      if (awaiting.get(number) === task) this.#times.ran(monotonic() - start, 1);
      this.#finishAwaited(number, slot, task, value, flags);
    };
    result.then(
      (value) => end(value, 0),
      (error: unknown) => end(error, FAILED),
    );
  }

  #finishAwaited(number: number, slot: number, task: Task, value: unknown, flags: number): void {
    // It was broken off: nobody waits for this, and the slot may be another task's.
    if (this.#inHand.awaiting.get(number) !== task) return;
    this.#inHand.awaiting.delete(number);
    this.#back.finish(number, slot, value, flags, true);
    this.#hasEnded();
  }

  /**
   * The owner has broken a task off: its call is gone from the stack by now, or nobody waits for its promise any more. Gives the calls that
   * this thread has lost with it, as one of them waited while it ran the other; `null` when the task had ended by itself, and the slot may be another one's.
   */
  recover(number: number): readonly number[] | null {
    const { awaiting } = this.#inHand;
    const slot = this.#fabric.slot(number);
    if (Atomics.load(this.#fabric.i32, slot) !== (CANCELLING | this.#mark)) return null;
    const task = awaiting.get(number) ?? taskHere.current;
    const lost = this.#inHand.fall(number);
    awaiting.delete(number);
    this.#loaded.delete(number);
    taskHere.current = null;
    this.#back.giveUp(number, slot);
    task?.controller?.abort();
    task?.stop?.();
    return lost;
  }

  /** Ends a task that fell with another one. */
  fail(number: number, error: unknown): void {
    const slot = this.#fabric.slot(number);
    if ((Atomics.load(this.#fabric.i32, slot) & STATE) === RUNNING) this.#back.finish(number, slot, error, FAILED, true);
  }
}
