import { inspect } from 'node:util';
import { atExit } from '../../base/at-exit.ts';
import { type Deadline, NEVER, remaining } from '../../base/deadline.ts';
import { CancelledError, StateError, TimeoutError } from '../../base/errors.ts';
import { isError } from '../../base/is-error.ts';
import type { ExitCode } from '../../host/process/exit.ts';
import { nextLineage } from '../../host/process/identity.ts';
import type { StartMethod } from '../../host/process/start-method.ts';
import { dropBytes, encode, SendError } from '../../message/index.ts';
import { dropItem, fromItem, type Item, messageItem, toSmallItem } from '../../queue/item.ts';
import { goRound, onPatrol } from '../../sync/patrol.ts';
import { probeProcesses } from '../../word/process-heap.ts';
import { Backlog } from './backlog.ts';
import {
  Board,
  CLOSED,
  DONE,
  OUTCOME_ERROR,
  OUTCOME_STREAM,
  OUTCOME_UNREADABLE,
  OUTCOME_UNSENDABLE,
  OUTCOME_VALUE,
  RETIRED,
  STARTING,
  stateOf,
  TAKEN,
  workerOf,
} from './board.ts';
import { BrokenProcessPool, describeDeath } from './broken.ts';
import { Clocks } from './clocks.ts';
import { MaybeEncodingError } from './encoding-error.ts';
import { FunctionBook } from './function-book.ts';
import { HeapShelf } from './heap-shelf.ts';
import { type Job, LOST, type Outcome, SETTLED, WAITING } from './job.ts';
import { Member } from './member.ts';
import type { Queue } from '../../queue/queue.ts';
import { arrived } from './remote-error.ts';
import { IncomingStream, type Yielded } from './stream.ts';
import { why } from '../why.ts';

export interface CrewOptions {
  readonly workers: number;
  readonly initializer?: ((...args: never[]) => unknown) | undefined;
  readonly initArgs?: readonly unknown[] | undefined;
  /** After so many tasks a worker is replaced by a new one. */
  readonly tasksMax?: number | undefined;
  /** Start all workers at once, and replace each that ends: otherwise only as many as there is work for. */
  readonly isFull?: boolean | undefined;
  /** Whether the workers are daemons: then they may not have children. */
  readonly daemon?: boolean | undefined;
  /** How they are started; as has been chosen for all when left out. */
  readonly startMethod?: StartMethod | undefined;
  /** What names of workers begin with. */
  readonly name: string;
  /** The death of a worker breaks the pool, as in Python; otherwise only its task fails, and the worker is replaced. */
  readonly breaksOnDeath?: boolean | undefined;
}

export interface Task {
  readonly fn: (...args: never[]) => unknown;
  /** See `HOW_*` of board.ts. */
  readonly how: number;
  readonly input: unknown;
  readonly again?: Job['again'] | undefined;
  readonly priority?: number | undefined;
  readonly hear?: Job['hear'] | undefined;
  /** Milliseconds that it may run. */
  readonly timeout?: number | undefined;
  readonly over?: (() => void) | undefined;
}

const SLOTS = 1024;
/** With priorities, only so many tasks a worker lie in shared memory, where their order is fixed. */
const SLOTS_A_WORKER = 2;
/** Workers that die in a row before they begin break the pool: 3 that end by themselves, 12 that are killed, for that may be somebody's doing. */
const FAILURES_MAX = 12;
const FAILURE_OF_ITS_OWN = 4;
/** A thread that is blocked looks so often whether a worker has died. */
const LOOK_MS = 20;
/** And so often what other pools, and other threads, ask of it. */
const ROUND_MS = 50;

const crews = new Set<Crew>();
onPatrol.push(() => {
  let wasAsked = false;
  for (const crew of crews) if (crew.see()) wasAsked = true;
  return wasAsked;
});
const isSettled = (job: Job): boolean => job.slot === SETTLED;

/**
 * The worker processes of a pool, and their tasks, as the owner sees them: what `multiprocessing.Pool` and
 * `ProcessPoolExecutor` are faces of.
 *
 * Each task is settled once, whatever dies: by its outcome, or by an error that says why there is none. What a worker had not
 * begun when it died goes to another one; what it had finished is not lost.
 */
export class Crew {
  readonly #options: CrewOptions;
  readonly #board: Board;
  readonly #book: FunctionBook;
  readonly #members: (Member | null)[];
  readonly #jobs: (Job | null)[];
  readonly #free: number[];
  readonly #backlog = new Backlog<Job>();
  readonly #clocks = new Clocks();
  /** Slots that have been finished, and whose outcomes have not been taken in. */
  readonly #done: number[] = [];
  /** Jobs whose messages are heard. */
  readonly #heard = new Set<Job>();
  /** What the tasks yield that have become streams, by the worker. */
  readonly #streams = new Map<Member, Set<IncomingStream>>();
  #tasks = 0;
  #pending = 0;
  #names = 0;
  #failedStarts = 0;
  #isListening = false;
  #isClosed = false;
  #isEnded = false;
  #broken: BrokenProcessPool | null = null;
  #whenGone: (() => void)[] = [];

  constructor(options: CrewOptions) {
    this.#options = options;
    const { workers } = options;
    this.#board = Board.create(SLOTS, workers);
    this.#book = new FunctionBook(new HeapShelf(this.#board.heap));
    this.#members = new Array<Member | null>(workers).fill(null);
    this.#jobs = new Array<Job | null>(SLOTS).fill(null);
    this.#free = Array.from({ length: SLOTS }, (_, i) => SLOTS - 1 - i);
    crews.add(this);
    endWithProgram();
    try {
      if (options.isFull === true) for (let index = 0; index < workers; index++) this.#start(index);
    } catch (error) {
      this.terminate();
      throw error;
    }
  }

  /** The numbers of the worker processes that have not ended. */
  get pids(): number[] {
    // The number of one that has been reaped may be somebody else's by now.
    return this.#living.filter((member) => member.peek() === null).map((member) => member.pid);
  }
  /** How many tasks are not settled. */
  get pending(): number {
    return this.#pending;
  }
  get isClosed(): boolean {
    return this.#isClosed;
  }
  /** Why nothing can be submitted any more, if a death has broken the pool. */
  get broken(): BrokenProcessPool | null {
    return this.#broken;
  }
  get #living(): Member[] {
    return this.#members.filter((member) => member !== null);
  }

  // ------------------------------------------------------------------ tasks

  /**
   * Hands a task over; `settle` is called once, later. Throws `SendError` for what can't travel, `BrokenProcessPool`, and `StateError`
   * when the pool is closed or shared memory is full.
   */
  submit(task: Task, settle: (outcome: Outcome) => void): Job {
    if (this.#broken !== null) throw this.#broken;
    if (this.#isClosed) throw new StateError('ERR_POOL_CLOSED', 'cannot submit a task: the pool is closed');
    const { fn, how, input, again = null, priority = 0, hear = null, over = null, timeout } = task;
    // First: a worker begins while the function is written.
    this.#haveWorkerFor(this.#pending + 1);
    const booked = this.#book.use(fn);
    try {
      const job = {
        number: this.#tasks + 1,
        fn: booked,
        how,
        again,
        priority,
        hear,
        slot: WAITING,
        onKill: null,
        stream: null,
        settle,
        over,
      };
      const entered = this.#enter(job, input);
      if (hear !== null) this.#heard.add(entered);
      if (timeout !== undefined && entered.slot !== SETTLED) this.#limit(entered, timeout);
      return entered;
    } catch (error) {
      this.#book.leave(booked);
      throw error;
    }
  }

  #limit(job: Job, timeout: number): void {
    const end = (): void => {
      const error = new TimeoutError(`the task did not end within ${timeout} ms from its start`);
      this.cancel(job, { kill: true }, { ok: false, error });
    };
    this.#clocks.limit(job, timeout, () => this.isRunning(job), end);
  }

  #enter(without: Omit<Job, 'input'>, value: unknown): Job {
    const small = toSmallItem(value);
    const bytes = small === null ? this.#encode(value) : null;
    const job = without as Job;
    if (job.priority === 0 && this.#backlog.length === 0 && this.#hasSlot()) {
      job.input = small ?? bytes!;
      try {
        if (!this.#place(job)) this.#backlog.push(job);
      } catch (error) {
        if (bytes !== null) dropBytes(bytes);
        throw error;
      }
    } else {
      job.input = small ?? Uint8Array.from(bytes!);
      this.#backlog.push(job);
      if (job.priority !== 0) this.#refill();
    }
    this.#tasks++;
    this.#pending++;
    this.#listen();
    return job;
  }

  #encode(value: unknown): Uint8Array {
    const { bytes, parcels } = encode(value, { where: 'process' });
    if (parcels !== null) throw new SendError('ERR_SEND_THREADS_ONLY', "what is bound to this process can't be sent to another one");
    return bytes;
  }

  #hasSlot(): boolean {
    const most = this.#backlog.hasPriorities ? this.#options.workers * SLOTS_A_WORKER : SLOTS;
    return this.#free.length > SLOTS - most;
  }

  /** Gives a job to the workers. False when there is no room for it now; throws when there never will be. */
  #place(job: Job): boolean {
    const { heap } = this.#board;
    const bytes = job.input;
    if (bytes instanceof Uint8Array) {
      try {
        job.input = messageItem(heap, bytes);
      } catch (error) {
        if (this.#free.length === SLOTS) throw error;
        // What the others take up now will be free again.
        job.input = Uint8Array.from(bytes);
        return false;
      }
    }
    const slot = this.#free.pop()!;
    this.#jobs[slot] = job;
    job.slot = slot;
    const { block, serial } = job.fn;
    if (this.#board.publish(slot, { block, serial, how: job.how, input: job.input as Item })) return true;
    this.#jobs[slot] = null;
    job.slot = WAITING;
    this.#free.push(slot);
    return false;
  }

  #refill(): void {
    while (this.#backlog.length > 0 && this.#hasSlot()) {
      const job = this.#backlog.shift(isSettled);
      if (job === undefined) break;
      try {
        if (this.#place(job)) continue;
        this.#backlog.unshift(job);
        break;
      } catch (error) {
        this.#settle(job, { ok: false, error });
      }
    }
    if (this.#isClosed && this.#backlog.length === 0 && this.#clocks.delays.waiting.length === 0 && this.#board.phase !== CLOSED)
      this.#board.close();
  }

  /** Takes back a task that has not begun: true. One that has, `kill` ends with its worker: true when that was asked for. */
  cancel(job: Job, { kill = false }: { readonly kill?: boolean } = {}, outcome: Outcome = cancelled()): boolean {
    if (job.slot === SETTLED) return kill && !outcome.ok && this.#endStream(job, outcome.error);
    if (job.slot === WAITING) {
      if (!this.#clocks.delays.stop(job)) this.#backlog.markStale();
      this.#settle(job, outcome);
      return true;
    }
    const { slot } = job;
    if (slot === LOST) {
      this.#settle(job, outcome);
      return true;
    }
    if (this.#board.withdraw(slot)) {
      this.#release(slot);
      this.#settle(job, outcome);
      this.#refill();
      return true;
    }
    const word = this.#board.slotWord(slot);
    if (!kill || stateOf(word) !== TAKEN) return false;
    job.onKill = outcome;
    this.#members[workerOf(word)]?.kill('SIGKILL');
    return true;
  }

  /** Ends the stream that a job has become with an error, and its worker; false when it has ended. */
  #endStream(job: Job, error: unknown): boolean {
    if (job.stream === null) return false;
    for (const [member, streams] of this.#streams) {
      if (!streams.has(job.stream)) continue;
      member.isKilled = true;
      member.kill('SIGKILL');
    }
    job.stream.workerGone(error);
    return true;
  }

  /** Whether a worker has begun it and has not finished. */
  isRunning(job: Job): boolean {
    return job.stream !== null || (job.slot >= 0 && stateOf(this.#board.slotWord(job.slot)) === TAKEN);
  }

  #settle(job: Job, outcome: Outcome): void {
    const { input } = job;
    if (input instanceof Uint8Array) dropBytes(input);
    else dropItem(this.#board.heap, input);
    job.input = NOTHING;
    job.slot = SETTLED;
    this.#book.leave(job.fn);
    this.#pending--;
    if (this.#pending === 0) this.#board.ringOwner();
    if (job.hear !== null && this.#heard.delete(job)) job.hear();
    if (job.stream === null) this.#forgetJob(job);
    job.settle(outcome);
  }

  /** Nothing more comes of it. */
  #forgetJob(job: Job): void {
    job.stream = null;
    this.#clocks.forget(job);
    job.over?.();
  }

  #release(slot: number): Job | null {
    const job = this.#jobs[slot] ?? null;
    this.#jobs[slot] = null;
    this.#board.free(slot);
    this.#free.push(slot);
    return job;
  }

  // ------------------------------------------------------------------ outcomes

  /** Settles all that has been finished. Says whether there was anything. */
  drain(): boolean {
    const done = this.#board.takeDone();
    this.#done.push(...done);
    let hasHeard = false;
    for (const job of this.#heard) if (job.hear!()) hasHeard = true;
    // One by one: who is told of an outcome may wait by blocking for the next, which then is taken in there.
    for (let slot = this.#done.shift(); slot !== undefined; slot = this.#done.shift()) this.#collect(slot);
    if (this.#backlog.length > 0 || this.#isClosed) this.#refill();
    return done.length > 0 || hasHeard;
  }

  #collect(slot: number): void {
    // Already collected, after the death of its worker.
    if (stateOf(this.#board.slotWord(slot)) !== DONE) return;
    const outcome = this.#board.outcomeOf(slot) === OUTCOME_STREAM ? this.#streamOf(slot) : this.#outcomeOf(slot);
    const job = this.#release(slot);
    if (job !== null && (outcome.ok || !this.#runAgain(job, outcome.error))) this.#settle(job, outcome);
  }

  /** Puts a job that has failed, and has no slot any more, back in the line; false when it is not to be tried again. */
  #runAgain(job: Job, error: unknown): boolean {
    const delay = this.#isEnded || job.onKill !== null ? null : (job.again?.(error) ?? null);
    if (delay === null) return false;
    job.slot = WAITING;
    const begin = (): void => {
      this.#backlog.push(job);
      this.#refill();
      this.#replace();
    };
    if (delay === 0) begin();
    else this.#clocks.delays.add(job, delay, begin);
    return true;
  }

  /** The stream that a task has become; its worker is busy with it until it ends. */
  #streamOf(slot: number): Outcome {
    const worker = this.#members[workerOf(this.#board.slotWord(slot))]!;
    const values = fromItem(this.#board.heap, this.#board.outputOf(slot)) as Queue<Yielded>;
    const streams = this.#streams.get(worker) ?? new Set();
    this.#streams.set(worker, streams);
    const job = this.#jobs[slot] ?? null;
    const incoming = new IncomingStream(values, `process ${worker.name} (pid ${worker.pid})`, () => {
      streams.delete(incoming);
      if (job?.stream === incoming) this.#forgetJob(job);
    });
    streams.add(incoming);
    if (job === null) incoming.stop();
    else job.stream = incoming;
    return { ok: true, value: incoming.stream };
  }

  #outcomeOf(slot: number): Outcome {
    const board = this.#board;
    const kind = board.outcomeOf(slot);
    const worker = this.#members[workerOf(board.slotWord(slot))];
    const where = worker ? `process ${worker.name} (pid ${worker.pid})` : 'a worker process';
    let value: unknown;
    try {
      value = fromItem(board.heap, board.outputOf(slot));
    } catch (cause) {
      dropItem(board.heap, board.outputOf(slot));
      return {
        ok: false,
        error: new StateError('ERR_RESULT_UNREADABLE', `the result of a task that ${where} ran can't be read here`, { cause }),
      };
    }
    if (kind === OUTCOME_VALUE) return { ok: true, value };
    if (value === undefined)
      return {
        ok: false,
        error: new StateError('ERR_SHARED_MEMORY_FULL', `${where} found no room in shared memory to say how its task ended`),
      };
    const [thrown] = value as [unknown];
    if (kind === OUTCOME_ERROR) return { ok: false, error: arrived(thrown, where) };
    if (kind === OUTCOME_UNSENDABLE) return { ok: false, error: new MaybeEncodingError(...(thrown as [unknown, string])) };
    if (kind === OUTCOME_UNREADABLE)
      return {
        ok: false,
        error: new StateError('ERR_TASK_UNREADABLE', `${where} could not read the task that it was given`, { cause: thrown }),
      };
    throw new StateError('ERR_INTERNAL', `an outcome of kind ${kind}`);
  }

  /** Settles what is finished as long as anything is pending; keeps the event loop alive meanwhile. */
  #listen(): void {
    if (this.#isListening) return;
    this.#isListening = true;
    void this.#attend();
  }

  async #attend(): Promise<void> {
    // A task that is submitted with many others is not waited for before the others are there.
    await Promise.resolve();
    const { armed } = this.#board;
    while (this.#pending > 0) {
      armed.store(1);
      // The event loop has its turn between any two looks, also when results come without end.
      if (this.drain()) await new Promise(setImmediate);
      else await armed.sleepAsync(1, NEVER);
    }
    armed.store(0);
    this.#isListening = false;
  }

  /** Blocks this thread until `isReady`; false when time was up first. */
  waitSync(isReady: () => boolean, deadline: Deadline): boolean {
    const { armed } = this.#board;
    for (let went = performance.now(); ;) {
      armed.store(1);
      this.drain();
      if (isReady()) return true;
      if (remaining(deadline) === 0) return false;
      armed.sleep(1, Math.min(deadline, performance.now() + LOOK_MS, this.#clocks.due));
      this.#look();
      if (performance.now() - went < ROUND_MS) continue;
      went = performance.now();
      goRound();
    }
  }

  /** What the event loop would tell, which stands still. */
  #look(): void {
    this.#clocks.look();
    for (const member of this.#living) {
      const exitCode = member.peek();
      if (exitCode !== null) this.#bury(member, exitCode);
    }
  }

  /** This thread waits for something else, and other threads may wait for futures of this pool. Says whether there was anything. */
  see(): boolean {
    const pending = this.#pending;
    if (pending === 0 && this.#clocks.due === NEVER) return false;
    this.drain();
    this.#look();
    return this.#pending !== pending;
  }

  // ------------------------------------------------------------------ workers

  /** Starts one more worker where there are more tasks than workers. One that can't be started is missed only where there is no other. */
  #haveWorkerFor(tasks: number): void {
    if (tasks <= this.#living.length) return;
    try {
      this.#startOne();
    } catch (error) {
      if (this.#living.length === 0) throw error;
    }
  }

  #startOne(): void {
    const index = this.#members.indexOf(null);
    if (index >= 0) this.#start(index);
  }

  #start(index: number): void {
    const { name, daemon = false, startMethod, tasksMax = Infinity, initializer, initArgs = [] } = this.#options;
    this.#board.clearRecord(index);
    const member = new Member(
      { name: `${name}-${++this.#names}`, lineage: nextLineage(), daemon, startMethod },
      { board: this.#board, worker: index, tasksMax, initializer: initializer as never, initArgs },
    );
    this.#members[index] = member;
    if (this.#whenGone.length > 0) member.ref();
    void member.ended.then((exitCode) => this.#bury(member, exitCode));
  }

  /** Deals with the end of a worker: what it had finished is taken in, what it ran is settled, and another takes its place. */
  #bury(member: Member, exitCode: ExitCode): void {
    if (member.isBuried) return;
    member.isBuried = true;
    this.drain();
    // It may have died between taking the arming off and waking this process: then nobody else would.
    this.#board.rouseOwner();
    const life = this.#board.lifeOf(member.index);
    const stderr = this.#board.textOf(member.index);
    const inDoubt = this.#takeFrom(member.index);
    this.#members[member.index] = null;
    // What it held comes back now, and not only when somebody misses it.
    probeProcesses();
    if (life === STARTING && exitCode !== 0) this.#failedStarts += exitCode > 0 ? FAILURE_OF_ITS_OWN : 1;
    else this.#failedStarts = 0;
    const death = { name: member.name, pid: member.pid, exitCode, stderr };
    for (const incoming of this.#streams.get(member) ?? [])
      incoming.workerGone(new BrokenProcessPool(describeDeath(death, 'in the middle of a stream'), { death }));
    this.#streams.delete(member);
    const isOurs = member.isKilled || inDoubt.some((job) => job.onKill !== null);
    for (const job of inDoubt) {
      this.#release(job.slot);
      job.slot = LOST;
    }
    const doing = life === STARTING ? 'before it could begin' : 'while it waited for a task';
    if (!this.#isEnded && !isOurs && inDoubt.length === 0) this.#judge(member, life, describeDeath(death, doing), exitCode);
    // First: who is told of a loss may wait for the others at once, by blocking.
    const breaks = this.#options.breaksOnDeath === true && inDoubt.some((job) => job.onKill === null);
    if (!this.#isEnded && !breaks) this.#replace(inDoubt.length);
    for (const job of inDoubt) {
      const message = describeDeath(death, `while it ran ${job.fn.name} (task ${job.number})`);
      this.#mourn(job, new BrokenProcessPool(message, { death }));
    }
    if (this.#living.length === 0) for (const tell of this.#whenGone.splice(0)) tell();
  }

  /** The jobs that a dead worker had begun; what it had finished without saying so is settled. */
  #takeFrom(index: number): Job[] {
    const inDoubt: Job[] = [];
    for (let slot = 0; slot < SLOTS; slot++) {
      const word = this.#board.slotWord(slot);
      if (workerOf(word) !== index || this.#jobs[slot] === null) continue;
      if (stateOf(word) === DONE) this.#collect(slot);
      else if (stateOf(word) === TAKEN) inDoubt.push(this.#jobs[slot]!);
    }
    return inDoubt;
  }

  #mourn(job: Job, error: BrokenProcessPool): void {
    // It may have been taken back by who was told of another one.
    if (job.slot === SETTLED || this.#runAgain(job, error)) return;
    this.#settle(job, job.onKill ?? { ok: false, error });
    if (job.onKill === null && this.#options.breaksOnDeath === true) this.#break(error);
  }

  /** Whether the pool can go on after this end of a worker. */
  #judge(member: Member, life: number, message: string, exitCode: ExitCode): void {
    const { failure } = this.#board;
    if (failure !== 0) {
      const [cause] = fromItem(this.#board.heap, { kind: 0, word: failure / 16, double: 0 }) as [unknown];
      this.#break(new BrokenProcessPool(`the initializer failed in process ${member.name} (pid ${member.pid}): ${why(cause)}`, { cause }));
    } else if (member.failure !== undefined) {
      const { failure: cause } = member;
      const why = isError(cause) ? cause.message : inspect(cause);
      this.#break(new BrokenProcessPool(`process ${member.name} (pid ${member.pid}) could not begin: ${why}`, { cause }));
    } else if (this.#failedStarts >= FAILURES_MAX) {
      this.#break(new BrokenProcessPool(`${message}, and so did those before it`));
    } else if (this.#options.breaksOnDeath === true && life !== RETIRED && exitCode !== 0) {
      this.#break(new BrokenProcessPool(message));
    }
  }

  /** So many of the jobs are lost, and only not told of yet. */
  #replace(lost = 0): void {
    const wanted = Math.min(this.#options.workers, this.#options.isFull === true && !this.#isClosed ? Infinity : this.#pending - lost);
    try {
      while (this.#living.length < wanted) this.#startOne();
    } catch (cause) {
      if (this.#living.length === 0) this.#break(new BrokenProcessPool('no worker process can be started any more', { cause }));
    }
  }

  // ------------------------------------------------------------------ the end

  /** Settles all that is pending with `error`, and ends the workers. */
  #break(error: BrokenProcessPool): void {
    if (this.#broken !== null || this.#isEnded) return;
    this.#broken = error;
    this.#end(() => ({ ok: false, error }), 'SIGKILL');
  }

  /** No task comes any more; the workers end when all are done. */
  close(): void {
    this.#isClosed = true;
    this.#refill();
  }

  /** Ends the workers at once. What is pending is settled with `CancelledError`. */
  terminate(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM', outcomeOf: (job: Job) => Outcome = terminated): void {
    if (this.#isEnded) return;
    this.#end(outcomeOf, signal);
  }

  #end(outcomeOf: (job: Job) => Outcome, signal: 'SIGTERM' | 'SIGKILL'): void {
    this.#isClosed = true;
    this.drain();
    this.#isEnded = true;
    this.#board.close();
    for (const member of this.#living) {
      if (signal === 'SIGTERM') member.terminate();
      else member.kill('SIGKILL');
    }
    for (const job of this.#clocks.delays.waiting) {
      this.#clocks.delays.stop(job);
      this.#settle(job, outcomeOf(job));
    }
    for (let job = this.#backlog.shift(isSettled); job !== undefined; job = this.#backlog.shift(isSettled))
      this.#settle(job, outcomeOf(job));
    for (let slot = 0; slot < SLOTS; slot++) {
      const job = this.#jobs[slot];
      if (job === null || job === undefined) continue;
      const outcome = outcomeOf(job);
      this.#jobs[slot] = null;
      this.#settle(job, outcome);
    }
  }

  /** Resolves when the pool has been closed, or has broken, and all its workers have ended. */
  async gone(): Promise<void> {
    if (this.#living.length > 0) {
      for (const member of this.#living) member.ref();
      await new Promise<void>((resolve) => this.#whenGone.push(resolve));
    }
    this.#forget();
  }

  /** The blocking twin of `gone`; false when time was up. */
  goneSync(deadline: Deadline): boolean {
    if (!this.waitSync(() => this.#living.length === 0, deadline)) return false;
    this.#forget();
    return true;
  }

  #forget(): void {
    if (!crews.delete(this)) return;
    this.#isEnded = true;
    this.#book.clear();
  }

  /** @internal The program ends. */
  killAll(): void {
    for (const member of this.#living) member.kill('SIGKILL');
  }
}

/** What a task is settled with whose pool is terminated. */
export function terminated(): Outcome {
  return { ok: false, error: new CancelledError('the pool was terminated before the task had ended') };
}

const NOTHING: Item = toSmallItem(undefined)!;

function cancelled(): Outcome {
  return { ok: false, error: new CancelledError('the task was cancelled') };
}

let watching = false;

/** At the end of this process its workers are ended: what they do is of no use to anybody. */
function endWithProgram(): void {
  if (watching) return;
  watching = true;
  atExit(() => {
    for (const crew of crews) crew.killAll();
  });
}
