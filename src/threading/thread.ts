import { checkArgs, namesCheck } from '../base/check-options.ts';
import { inspect } from 'node:util';
import { asked, deadlineAfter, type Wait } from '../base/deadline.ts';
import { nameError, StateError } from '../base/errors.ts';
import type { CarrierOptions } from '../host/thread/carrier.ts';
import { carry, prepareCarrier, terminate } from '../host/thread/carry.ts';
import { outliveThreads } from '../host/thread/lifetime.ts';
import * as record from '../host/thread/record.ts';
import { checkLimits } from '../host/thread/resource-limits.ts';
import { current, type StartMessage } from '../host/thread/run-thread.ts';
import { foresee, nameExports, stateOf } from '../message/closures/index.ts';
import { drop, post } from '../message/index.ts';
import type { Sendable } from '../message/sendable.ts';
import { block, suspend } from '../sync/waiting.ts';
import { sharedHeap } from '../word/heap.ts';
import * as roster from '../word/roster.ts';
import { type Handle, handle, own, registerKind, type Shareable } from '../word/shareable.ts';
import { recordHere } from './current-thread.ts';
import { type Context, type ContextOf, contextOf } from './context.ts';
import { type Inherited, inherited, toInherit } from './hooks.ts';
import { prepareFirstWorker } from './first-worker.ts';
import { readStack, readStackSync, type ThreadStack } from './stack.ts';
import { runMain, type Work } from './run-main.ts';

/** A thread could not begin: the module of its function failed to load in it, or a value could not be made there. */
export class ThreadStartError extends Error {
  readonly code: string = 'ERR_THREAD_START';
}
nameError(ThreadStartError, 'ThreadStartError');

/** How a `Thread` is made. */
export interface ThreadOptions<A extends readonly unknown[] = readonly unknown[]> {
  /** What the thread runs: any function. A promise that it returns is awaited. */
  readonly target?: ((...args: A) => unknown) | undefined;
  /** Copied when the thread is started. What types can see that it can't be sent does not compile: see `Sendable`. */
  readonly args?: (readonly [...A] & { readonly [K in keyof A]: Sendable<A[K]> }) | undefined;
  /** `Thread-N (target)` when left out. One that is given, Linux shows too: the first 15 bytes of it. */
  readonly name?: string | undefined;
  /** A daemon does not keep the process alive. Left out: as the thread that makes it. */
  readonly daemon?: boolean | undefined;
  /** Runs in a worker thread of its own, which is not used again. */
  readonly fresh?: boolean | undefined;
  /** Limits of V8's heap and stack, as for `node:worker_threads`; the worker is then the thread's own. */
  readonly resourceLimits?: CarrierOptions['resourceLimits'];
  /** What is given to the thread instead of copied: ArrayBuffers and MessagePorts among the arguments. */
  readonly transfer?: readonly unknown[] | undefined;
  /**
   * Storages whose values the thread starts with: `() => [requestId]`, AsyncLocalStorages that are captured or imported. Without
   * it, they are empty in the thread. Values are copied when `start` is called, like arguments.
   */
  readonly context?: ContextOf | null | undefined;
}

const MB = 2 ** 20;
const EMBODY: unique symbol = Symbol('embody');
/** With what the options are called elsewhere. */
const checkNames = namesCheck(
  new Map([
    ['kwargs', 'args, with an object among them'],
    ['fn', 'target'],
    ['func', 'target'],
    ['arg', 'args, a list'],
  ]),
);
let made = 0;

/**
 * A thread that runs a function beside this one: Python's `threading.Thread`, on a core of its own.
 *
 * The function may be any function; it and its arguments are copied when `start` is called, which throws `SendError` for what
 * can't travel. That the function assigns to a variable which is read elsewhere is told by the constructor. Locks, queues, shared
 * values and threads arrive as the same things. A thread may itself be sent, and joined from everywhere.
 */
export class Thread<A extends readonly unknown[] = readonly unknown[]> implements Shareable {
  readonly #record: number;
  readonly #work: { readonly target: (...args: A) => unknown; readonly args: readonly [...A] } | null;
  readonly #limits: CarrierOptions;
  readonly #context: ContextOf | undefined | null;
  /** As it was made. */
  readonly #firstName: string | undefined;

  constructor(options: ThreadOptions<A> = {}) {
    checkNames(options, 'a Thread', '{ target: fn }');
    if (EMBODY in options) {
      this.#record = options[EMBODY] as number;
      this.#work = null;
      this.#limits = {};
      this.#context = null;
      own('thread', this, this.#record);
      return;
    }
    const { target, args, name, daemon, fresh, resourceLimits, transfer, context } = options;
    if (target !== undefined && typeof target !== 'function') throw new TypeError(`target must be a function: got ${typeof target}`);
    checkArgs(args);
    checkLimits(resourceLimits);
    if (target !== undefined) {
      if (fresh !== true && resourceLimits === undefined) prepareFirstWorker();
      foresee(target);
    }
    const suffix = target === undefined ? '' : ` (${target.name === '' ? 'anonymous' : target.name})`;
    const firstName = name === undefined || name === '' ? `Thread-${++made}${suffix}` : String(name as unknown);
    this.#firstName = firstName;
    this.#record = record.newRecord({
      name: firstName,
      daemon: daemon ?? (current.record !== 0 && record.isDaemon(current.record)),
      fresh: fresh === true || resourceLimits !== undefined,
      shown: name !== undefined && name !== '',
    });
    this.#work = target === undefined ? null : { target, args: Array.from(args ?? []) as unknown as readonly [...A] };
    this.#limits = { resourceLimits, transfer };
    this.#context = context;
    own('thread', this, this.#record);
  }

  /** What the thread runs; a subclass says it by overriding this. Runs in the thread. */
  run(): unknown {
    return this.#work?.target(...(this.#work.args as A));
  }

  /**
   * Starts the thread. Throws `SendError` when the function or an argument can't travel, and `StateError` when it was
   * started before or no thread can be had; the object stays as it was then.
   */
  start(): void {
    if (record.stateOf(this.#record) !== record.INITIAL)
      throw new StateError('ERR_THREAD_STARTED', `cannot start thread ${this.name} a second time`);
    const resourceLimits = this.#limitsWithStack();
    if (!record.isFresh(this.#record) && resourceLimits === undefined) prepareCarrier();
    const [called, given] = this.#workToSend();
    const start: StartMessage = [runThread, called, given, toInherit(), contextOf(this.#context)];
    const message = post(start, { transfer: this.#limits.transfer });
    if (!record.begin(this.#record, message.offset, this.#firstName)) {
      drop(message.offset);
      throw new StateError('ERR_THREAD_STARTED', `cannot start thread ${this.name} a second time`);
    }
    try {
      carry(this.#record, { transfer: this.#limits.transfer, resourceLimits, parcels: message.parcels });
    } catch (error) {
      record.unbegin(this.#record);
      drop(message.offset);
      throw error;
    }
    outliveThreads();
  }

  #limitsWithStack(): CarrierOptions['resourceLimits'] {
    const { resourceLimits } = this.#limits;
    return inherited.stackSize === 0 ? resourceLimits : { stackSizeMb: inherited.stackSize / MB, ...resourceLimits };
  }

  #workToSend(): Work {
    if (this.run !== (Thread.prototype as Thread<A>).run) return [this.constructor as new () => Thread, stateOf(this, Thread)];
    if (this.#work === null) return [null, null];
    const { target, args } = this.#work;
    return [target, args.length === 0 ? null : args];
  }

  /** @internal The face of a record in this thread, as an instance of the class that was started. */
  static embodied(at: number, subclass: abstract new (...args: never[]) => object = Thread): Thread {
    return Reflect.construct(Thread, [{ [EMBODY]: at }], subclass as new () => Thread) as Thread;
  }

  get name(): string {
    return record.nameOf(this.#record);
  }
  /** May be changed at any time; Linux shows it too, the first 15 bytes of it. */
  set name(name: string) {
    record.rename(this.#record, name);
  }

  /** A number that no other living thread has; `null` before the start. */
  get ident(): number | null {
    return record.idOf(this.#record) || null;
  }

  /** The number that the system gave the worker that carries it; `null` before it runs, and where the system tells none. */
  get nativeId(): number | null {
    const id = record.idOf(this.#record);
    return id === 0 ? null : roster.nativeIdOf(id) || null;
  }

  /** Whether it has been started and has not ended, at this moment. Never blocks; any thread that has it may ask. */
  get isAlive(): boolean {
    const state = record.stateOf(this.#record);
    return state === record.STARTED || state === record.DOOMED;
  }

  get daemon(): boolean {
    return record.isDaemon(this.#record);
  }
  /** Can be set until the thread is started. */
  set daemon(daemon: boolean) {
    if (record.stateOf(this.#record) !== record.INITIAL)
      throw new StateError('ERR_THREAD_STARTED', `thread ${this.name} has been started: daemon can't be set any more`);
    record.setDaemon(this.#record, daemon);
  }

  /**
   * Waits until the thread has ended: true; false when time was up first. Any thread may call it, any number of times.
   * Rejects with `StateError` before the start and for the calling thread itself, with `ThreadStartError` when the
   * thread could not begin, and with `DeadlockError` when it waits for this thread.
   */
  async join(wait?: Wait): Promise<boolean> {
    const { timeout, signal } = asked(wait);
    this.#checkJoin();
    const deadline = deadlineAfter(timeout);
    const hasEnded = signal === undefined && timeout !== 0 ? record.endsAtOnce(this.#record) : record.hasEnded(this.#record);
    return this.#joined(hasEnded || (await suspend(record.ended(this.#record, sharedHeap().word(this.#record)), deadline, signal)));
  }

  /** The blocking twin of `join`. In the main thread, the event loop stands still meanwhile. */
  joinSync(wait?: Wait): boolean {
    const { timeout, signal } = asked(wait);
    this.#checkJoin();
    signal?.throwIfAborted();
    const deadline = deadlineAfter(timeout);
    const hasEnded = timeout === 0 ? record.hasEnded(this.#record) : record.endsAtOnce(this.#record);
    return this.#joined(hasEnded || block(record.ended(this.#record, sharedHeap().word(this.#record)), deadline));
  }

  #checkJoin(): void {
    if (record.stateOf(this.#record) === record.INITIAL)
      throw new StateError('ERR_THREAD_NOT_STARTED', `cannot join thread ${this.name}: it has not been started`);
    if (this.#record === recordHere())
      throw new StateError('ERR_JOIN_SELF', `thread ${this.name} cannot join itself: it would wait for ever`);
  }

  #joined(hasEnded: boolean): boolean {
    if (record.stateOf(this.#record) === record.FAILED) {
      const cause = record.failureOf(this.#record);
      throw new ThreadStartError(`thread ${this.name} could not begin: ${cause instanceof Error ? cause.message : inspect(cause)}`, {
        cause,
      });
    }
    return hasEnded;
  }

  /** How it ended when not in good order: terminated, out of memory, by `process.exit`; `null` otherwise. */
  get death(): { readonly how: string; readonly code: number } | null {
    return record.deathOf(this.#record) ?? null;
  }

  /**
   * Ends the thread at once, wherever it is. No `finally` runs; what it held is abandoned, and who waits for that is told.
   * Resolves when it has ended. Any thread may call it.
   */
  async terminate(): Promise<void> {
    if (record.stateOf(this.#record) === record.INITIAL)
      throw new StateError('ERR_THREAD_NOT_STARTED', `cannot terminate thread ${this.name}: it has not been started`);
    terminate(this.#record);
    await suspend(record.ended(this.#record, sharedHeap().word(this.#record)));
  }

  /**
   * What the thread is doing: a busy one, one that is blocked, and one that waits in its event loop, from any thread and without
   * stopping it. Rejects with `StateError` when it doesn't run, and with `TimeoutError` when it gives no answer within 5 seconds
   * or `timeout`, since it runs native code. Takes some 50 ms.
   */
  stack(wait?: Pick<Wait, 'timeout'>): Promise<ThreadStack> {
    return readStack(this as unknown as Thread, wait);
  }
  /** The blocking twin of `stack`. */
  stackSync(wait?: Pick<Wait, 'timeout'>): ThreadStack {
    return readStackSync(this as unknown as Thread, wait);
  }

  [handle](): Handle {
    return { kind: 'thread', offset: this.#record };
  }

  toString(): string {
    return this[inspect.custom]();
  }

  [inspect.custom](): string {
    const state = ['initial', 'started', 'started', 'stopped', 'died', 'failed'][record.stateOf(this.#record)]!;
    return `<${this.constructor.name}(${this.name}, ${state}${this.daemon ? ' daemon' : ''}${this.ident === null ? '' : ` ${this.ident}`})>`;
  }
}

registerKind('thread', (offset) => Thread.embodied(offset), import.meta.url);

/** @internal The main function of every thread: its module brings the class along. */
export function runThread(run: number, called: Work[0], given: Work[1], from: Inherited | null, context: Context | null): unknown {
  return runMain(run, Thread, called, given, from, context);
}
nameExports(import.meta.url, { Thread, runThread });
