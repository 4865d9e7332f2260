import { monotonic } from '../../base/monotonic.ts';
import { onStderr } from '../../host/thread/output.ts';
import { callFromPort, type Ports, portsToMaker } from '../../host/thread/port.ts';
import { onUncaught } from '../../host/thread/run-thread.ts';
import { nameExports } from '../../message/closures/index.ts';
import { lookAfterInterruption, wasLoadingCutShort } from '../../message/index.ts';
import '../../threading/thread.ts'; // A task may ask for its thread.
import { BrokenExecutorError } from '../errors.ts';
import { helper } from '../future.ts';
import { isAwaited } from './awaited.ts';
import { CLAIM_US, Claims } from './claims.ts';
import type { AnyFunction } from './function-table.ts';
import { InHand } from './in-hand.ts';
import { LastWords } from './last-words.ts';
import { CLOSED, Fabric, HEAD, NO_MORE, PIN, QUIT, READY, RECORD, STATE_BITS, TAIL } from './layout.ts';
import { MailRunner } from './mail-runner.ts';
import { Parking } from './parking.ts';
import { Reporter } from './reporter.ts';
import { RunTimes } from './run-times.ts';
import { TaskRunner } from './task-runner.ts';
import { taskHere } from './task.ts';

interface WorkerOptions {
  readonly block: number;
  readonly number: number;
  readonly initializer: AnyFunction | null;
  readonly initargs: readonly unknown[];
  /** It leaves after so many tasks; 0: never. */
  readonly maxTasks: number;
  /** It leaves when its heap, or its buffers, hold more bytes after a task; 0: no matter. */
  readonly maxHeap: number;
  readonly maxBuffers: number;
}

/** After so long the event loop has its turn: timers that tasks have started. */
const TURN_MS = 8;
const MEMORY_LOOK_MS = 50;

/** What a thread of a pool runs. Resolves when the pool has nothing for it any more. */
export function runWorker(
  _run: number,
  block: number,
  number: number,
  maxTasks: number,
  maxHeap: number,
  maxBuffers: number,
  initializer: AnyFunction | null = null,
  initargs: readonly unknown[] = [],
): Promise<void> {
  const options = { block, number, maxTasks, maxHeap, maxBuffers, initializer, initargs };
  return new Promise((resolve) => new PoolWorker(options, resolve).begin());
}
nameExports(import.meta.url, { runWorker });

/** A thread of a pool: it looks for tasks, runs them, and sleeps when there are none. */
export class PoolWorker {
  readonly #fabric: Fabric;
  readonly #area: number;
  readonly #options: WorkerOptions;
  readonly #end: () => void;
  readonly #ports: Ports;
  /** Tasks run from the event of a port: only there can they be interrupted. */
  readonly #entry: ReturnType<typeof callFromPort>;
  readonly #inHand = new InHand();
  readonly #lastWords: LastWords;
  readonly #tasks: TaskRunner;
  readonly #mail: MailRunner;
  readonly #claims: Claims;
  readonly #parking: Parking;
  #pinsSeen = 0;
  #round = 0;
  #memoryLook = 0;
  #isScheduled = false;
  /** Something has run since the event loop had its turn. */
  #hasRun = false;

  constructor(options: WorkerOptions, end: () => void) {
    const fabric = new Fabric(options.block);
    const area = fabric.worker(options.number);
    this.#fabric = fabric;
    this.#area = area;
    this.#options = options;
    this.#end = end;
    this.#entry = callFromPort(this.#turn);
    this.#ports = portsToMaker(options.block);
    this.#lastWords = new LastWords(fabric, area);
    const times = new RunTimes(fabric, area, CLAIM_US);
    const [inHand, mark] = [this.#inHand, options.number << STATE_BITS];
    const goOn = (): void => this.#goOn();
    this.#tasks = new TaskRunner(fabric, area, mark, this.#ports, inHand, times, goOn, new Reporter(fabric, area));
    this.#mail = new MailRunner(fabric, options.number, inHand, times, goOn);
    this.#claims = new Claims(fabric, options.number, this.#tasks, inHand, times, options.maxTasks);
    this.#parking = new Parking(
      fabric,
      options.number,
      () => this.#hasWork(),
      () => this.#schedule(),
    );
    this.#ports.onCall((slot) => this.#recover(slot));
  }

  begin(): void {
    // Most tasks that compute for long look at the clock, and waits of ours do. One that is broken off while Node loads it would cost its thread.
    void performance.timeOrigin;
    onUncaught.current = (error) => this.#lastWords.leave(error);
    onStderr.current = (bytes) => this.#lastWords.remember(bytes);
    helper.current = {
      help: () => this.#help(),
      awaits: (change) => {
        this.#inHand.yielding += change;
        this.#schedule();
      },
      hasInHand: (record) => this.#inHand.has(record, (slot) => this.#fabric.i32[this.#fabric.slot(slot) + RECORD]! >>> 0),
    };
    const { initializer, initargs } = this.#options;
    const ready = (): void => {
      Atomics.store(this.#fabric.i32, this.#area + READY, 1);
      this.#schedule();
    };
    if (initializer === null) return ready();
    try {
      const result: unknown = initializer(...(initargs as never[]));
      if (isAwaited(result)) Promise.resolve(result).then(ready, (error: unknown) => this.#failToBegin(error));
      else ready();
    } catch (error) {
      this.#failToBegin(error);
    }
  }

  #failToBegin(error: unknown): void {
    this.#lastWords.failToBegin(error);
    Atomics.store(this.#fabric.i32, this.#area + PIN, NO_MORE);
    this.#leave();
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    // After what is ready in the event loop: timers, immediates, promises.
    setImmediate(this.#entry.ask);
  }

  #goOn(): void {
    this.#hasRun = true;
    this.#parking.disturb();
    this.#schedule();
  }

  readonly #turn = (): void => {
    this.#isScheduled = false;
    this.#parking.wakeUp();
    const start = monotonic();
    while (this.#inHand.mayBegin) {
      // Also what has ended since the last turn.
      if (this.#hasRun && this.#isWornOut() && this.#acceptNoMore()) return this.#leave();
      if (this.#runNext()) {
        this.#hasRun = true;
        this.#parking.disturb();
        if (monotonic() - start > TURN_MS) return this.#schedule();
        continue;
      }
      if (this.#hasRun) {
        this.#hasRun = false;
        if (!this.#settleDown()) return this.#schedule();
        continue;
      }
      const { i32, base } = this.#fabric;
      if (Atomics.load(i32, base + CLOSED) !== 0 || Atomics.load(i32, this.#area + QUIT) !== 0) {
        if (this.#inHand.isAwaiting) return;
        if (this.#acceptNoMore()) return this.#leave();
      } else {
        this.#tasks.functions.sweep();
        if (!this.#parking.sleep()) return;
      }
    }
    this.#parking.passOn();
  };

  /** Runs something; false when there is nothing. What is for this worker alone, and what tasks have handed over, does not wait until nothing else comes. */
  #runNext(): boolean {
    if (this.#tasks.hasLoaded) {
      this.#parking.passOn();
      return this.#tasks.runLoaded();
    }
    this.#round = (this.#round + 1) % 3;
    if (this.#round === 1 && this.#takePinned()) return true;
    if (this.#round === 2 && this.#mail.hasMail) {
      this.#parking.passOn();
      if (this.#mail.run()) return true;
    }
    return this.#claims.run() || this.#takePinned() || this.#mail.run() || this.#claims.steal();
  }

  #settleDown(): boolean {
    try {
      return this.#parking.settleDown();
    } catch (error) {
      // The error of a callback, which has no task any more. The program may catch it where Node lets it.
      this.#schedule();
      throw error;
    }
  }

  /**
   * Whether it has run as many tasks, or holds as much memory, as it may, or has lost its modules. Those that are for it alone are run first.
   */
  #isWornOut(): boolean {
    if (wasLoadingCutShort()) return !this.#inHand.isAwaiting && !this.#tasks.hasLoaded;
    const { maxTasks, maxHeap, maxBuffers } = this.#options;
    if (maxTasks === 0 && maxHeap === 0 && maxBuffers === 0) return false;
    if (this.#inHand.isAwaiting || this.#tasks.hasLoaded || this.#claims.hasLeftOver) return false;
    if (maxTasks > 0 && this.#tasks.ran + this.#mail.ran >= maxTasks) return true;
    if ((maxHeap === 0 && maxBuffers === 0) || monotonic() < this.#memoryLook) return false;
    this.#memoryLook = monotonic() + MEMORY_LOOK_MS;
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    return (maxHeap > 0 && heapUsed > maxHeap) || (maxBuffers > 0 && arrayBuffers > maxBuffers);
  }

  /** Leaves the pool. False when something has come that is for this worker alone: that is run first. */
  #acceptNoMore(): boolean {
    return Atomics.compareExchange(this.#fabric.i32, this.#area + PIN, this.#pinsSeen, NO_MORE) === this.#pinsSeen;
  }

  #leave(): void {
    this.#fabric.ring();
    helper.current = null;
    onUncaught.current = null;
    onStderr.current = null;
    this.#ports.close();
    this.#entry.close();
    this.#end();
  }

  #hasWork(): boolean {
    const { i32, base } = this.#fabric;
    return (
      Atomics.load(i32, base + HEAD) !== Atomics.load(i32, base + TAIL) ||
      Atomics.load(i32, this.#area + PIN) !== this.#pinsSeen ||
      this.#mail.hasMail ||
      Atomics.load(i32, this.#area + QUIT) !== 0 ||
      Atomics.load(i32, base + CLOSED) !== 0
    );
  }

  /** Runs a task that was sent to this worker alone. */
  #takePinned(): boolean {
    const pins = Atomics.load(this.#fabric.i32, this.#area + PIN);
    if (pins === this.#pinsSeen) return false;
    this.#pinsSeen = (this.#pinsSeen + 1) | 0;
    const { slot, parcels } = this.#ports.receiveParcels() as { readonly slot: number; readonly parcels: readonly unknown[] };
    this.#parking.passOn();
    this.#tasks.run(slot, parcels);
    return true;
  }

  /** A task waits for another by blocking: meanwhile this thread runs what there is. */
  #help(): boolean {
    const task = taskHere.current;
    const hasRun = this.#mail.run() || this.#claims.run() || this.#claims.steal();
    taskHere.current = task;
    return hasRun;
  }

  /** The owner has broken a task off. Tasks that waited below it, or ran above it while it waited, have fallen with it. */
  #recover(number: number): void {
    const lost = this.#tasks.recover(number);
    if (lost === null) return;
    lookAfterInterruption();
    for (const call of lost) {
      const error = new BrokenExecutorError(
        'the task was broken off: one of the two waited for a result while its thread ran the other, and that other one was interrupted',
      );
      if (call < 0) this.#mail.end(call * -16, error, true);
      else this.#tasks.fail(call, error);
    }
    this.#isScheduled = false;
    this.#goOn();
  }
}
