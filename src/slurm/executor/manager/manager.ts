import type { Executor } from '../../../futures/executor.ts';
import { NO_TERMS } from '../../../futures/terms.ts';
import { type AnyFuture, outcome as outcomeOf, whenDone } from '../../../futures/future.ts';
import { ProcessPoolExecutor } from '../../../futures/process-pool-executor.ts';
import { TaskStream } from '../../../futures/task-stream.ts';
import { ThreadPoolExecutor } from '../../../futures/thread-pool.ts';
import type { Channel } from '../../channel/channel.ts';
import { CANCELLED, CODE, FAILED, SUCCEEDED } from '../../channel/codes.ts';
import { decode } from '../../../message/index.ts';
import { hasBrokenPool, message } from './failures.ts';
import type { Welcome } from './hello.ts';
import { Sayings } from './sayings.ts';
import { Window } from './window.ts';
import { initialize, OUTCOME_HEADER, UNKNOWN_FUNCTION, work } from './work.ts';

/** A longer function is sent to a worker only when the worker asks for it. */
const SENT_ALONG_BYTES = 16_384;
/** How often is looked which tasks have begun, and at how many. */
const LOOK_MS = 5;
const LOOKED_AT = 64;
/** So many values of a stream are under way to the program. */
const YIELDED_AHEAD = 32;

interface Job {
  readonly id: number;
  readonly future: AnyFuture;
  /** What it says, if anybody hears it. */
  readonly said: Sayings | null;
  /** What it yields, once it does. */
  stream: { readonly values: TaskStream<Buffer>; readonly window: Window } | null;
  /** The driver knows that it has begun. */
  isKnownToRun: boolean;
}

/** What the driver is told of a task, and what must not be lost: its result, and before that what it says and yields. */
interface Result {
  readonly code: number;
  readonly id: number;
  readonly kind: number;
  readonly body: Uint8Array;
}

/**
 * Runs on a node what the driver sends: the workers behind it are a pool of threads or of processes. It outlives its connection: tasks
 * go on, and results are kept until the driver has them.
 */
export class Manager {
  readonly #pool: Executor;
  readonly #workerType: Welcome['workerType'];
  readonly workers: number;
  readonly #functions = new Map<number, Buffer>();
  readonly #jobs = new Map<number, Job>();
  /** Tasks of which the driver does not know that they have begun, in the order in which they came. */
  readonly #unseen = new Map<number, Job>();
  /** Results that the driver has not confirmed, the oldest first. */
  #kept: Result[] = [];
  /** How many results have been confirmed. */
  #confirmed = 0;
  #channel: Channel | null = null;
  /** The terms of the next task. */
  #limit: number | undefined;
  #isHeard = false;
  #tellEmpty: (() => void) | null = null;
  #looking: NodeJS.Timeout | null = null;
  #isBroken = false;
  #leaves: string | null = null;
  /** Called when everything has run and nothing more comes. */
  onEnd: (how: 'ended' | 'quit') => void = () => {};

  constructor({ workerType, workers, maxTasksPerWorker, initializer }: Welcome, cpus: number) {
    this.workers = workers ?? cpus;
    this.#workerType = workerType;
    const options = {
      maxWorkers: this.workers,
      ...(maxTasksPerWorker === null ? {} : { maxTasksPerWorker }),
      initializer: initialize,
      initargs: [initializer === null ? null : Buffer.from(initializer)] as const,
    };
    this.#pool =
      workerType === 'threads' ? new ThreadPoolExecutor({ ...options, threadNamePrefix: 'worker' }) : new ProcessPoolExecutor(options);
  }

  /** How many results the driver has confirmed. */
  get confirmed(): number {
    return this.#confirmed;
  }

  get running(): number {
    return this.#jobs.size;
  }

  /** Says over a new channel what it has of the earlier one. */
  tellHeld(channel: Channel): void {
    for (const id of new Set([...this.#jobs.keys(), ...this.#kept.map(({ id }) => id)])) channel.send(CODE.held, id);
    channel.send(CODE.heldAll);
  }

  /** From now on the driver hears it over this channel; it has had so many results. */
  attach(channel: Channel, seen: number): void {
    this.#confirm(seen);
    for (const job of this.#jobs.values()) {
      // One that yields, or whose last words are on their way, says so by that.
      if (job.future.done) continue;
      job.isKnownToRun = false;
      this.#unseen.set(job.id, job);
    }
    this.#channel = channel;
    for (const result of this.#kept) this.#sendResult(result);
    if (this.#leaves !== null) channel.send(CODE.leaving, 0, 0, Buffer.from(this.#leaves));
    this.#look();
  }

  detach(): void {
    this.#channel = null;
  }

  hear(code: number, id: number, extra: number, body: Buffer): void {
    switch (code) {
      case CODE.fn:
        this.#functions.set(id, Buffer.from(body));
        return;
      case CODE.forget:
        this.#functions.delete(id);
        return;
      case CODE.limit:
        this.#limit = extra;
        return;
      case CODE.listen:
        this.#isHeard = true;
        return;
      case CODE.task:
      case CODE.chunk:
      case CODE.chunkOfLists:
        this.#run(id, code, extra, body);
        this.#limit = undefined;
        this.#isHeard = false;
        return;
      case CODE.heard:
        this.#jobs.get(id)?.said?.heard(extra);
        return;
      case CODE.taken:
        this.#jobs.get(id)?.stream?.window.took(extra);
        return;
      case CODE.stop:
        this.#stop(id);
        return;
      case CODE.cancel:
        this.#cancel(id, extra === 1);
        return;
      case CODE.recall:
        this.#giveBack(extra);
        return;
      case CODE.seen:
        this.#confirm(extra);
        return;
      case CODE.end:
        void this.#pool.shutdown().then(() => this.onEnd('ended'));
        return;
      case CODE.quit:
        void this.#pool.terminateWorkers().then(() => this.onEnd('quit'));
    }
  }

  /** Gives back what has not begun, and takes no more. Resolves when what had begun has ended. */
  async leave(why: string): Promise<void> {
    this.#leaves = why;
    this.#channel?.send(CODE.leaving, 0, 0, Buffer.from(why));
    this.#giveBack(Infinity);
    await this.#pool.shutdown();
    // What they have said and yielded is on its way, too.
    if (this.#jobs.size > 0) await new Promise<void>((resolve) => (this.#tellEmpty = resolve));
  }

  #run(id: number, how: number, fn: number, body: Buffer): void {
    const bytes = this.#functions.get(fn);
    if (bytes === undefined || this.#leaves !== null) return this.#channel?.send(CODE.returned, id);
    // The body lies in what has been read from the socket, beside the bodies of other tasks.
    const input = Buffer.from(body);
    const said = this.#isHeard ? new Sayings(this.#workerType, (message) => this.#keep(CODE.said, id, 0, message)) : null;
    this.#submit(id, how, fn, bytes.length > SENT_ALONG_BYTES ? null : bytes, input, this.#limit, said);
  }

  #submit(id: number, how: number, fn: number, bytes: Buffer | null, input: Buffer, limit: number | undefined, said: Sayings | null): void {
    let future: AnyFuture;
    try {
      const args = said === null ? [fn, bytes, how, input] : [fn, bytes, how, input, said.queue];
      // Without what `submit` notes for stacks: where a task was handed over, its program knows.
      future = this.#pool.handOn(work as never, args, limit === undefined ? NO_TERMS : { timeout: limit }, null);
    } catch (error) {
      said?.drop();
      return this.#keep(CODE.result, id, FAILED, message(error));
    }
    const job: Job = { id, future, said, stream: null, isKnownToRun: false };
    this.#jobs.set(id, job);
    this.#unseen.set(id, job);
    this.#look();
    whenDone(future, () => {
      if (this.#jobs.get(id) !== job) return; // It has been given back.
      this.#unseen.delete(id);
      if (future.cancelled) return this.#end(job, CODE.result, CANCELLED, NOTHING);
      try {
        const outcome = outcomeOf(future) as Buffer | TaskStream<Buffer>;
        if (outcome instanceof TaskStream) return void this.#relay(job, outcome);
        if (outcome[0] === UNKNOWN_FUNCTION)
          return this.#submit(id, how, fn, this.#functions.get(fn) ?? Buffer.alloc(0), input, limit, said);
        this.#end(job, CODE.result, outcome[0]!, outcome.subarray(OUTCOME_HEADER));
      } catch (error) {
        this.#failed(job, error);
      }
    });
  }

  /** The pool says why a task has no outcome: its worker died, its time was up, or no worker can begin. */
  #failed(job: Job, error: unknown): void {
    if (hasBrokenPool(error) && !this.#isBroken) {
      this.#isBroken = true;
      this.#channel?.send(CODE.broken, 0, 0, message(error));
    }
    this.#end(job, CODE.result, FAILED, message(error));
  }

  /** Sends what a task yields, never more than some ahead of its reader. */
  async #relay(job: Job, values: TaskStream<Buffer>): Promise<void> {
    const window = new Window(YIELDED_AHEAD);
    job.stream = { values, window };
    this.#keep(CODE.stream, job.id, 0, NOTHING);
    let kind: number = SUCCEEDED;
    let body: Uint8Array = NOTHING;
    try {
      for (;;) {
        const next = await values.next();
        if (next.done === true) break;
        body = next.value.subarray(OUTCOME_HEADER);
        kind = next.value[0]!;
        if (kind === FAILED) break;
        await window.room();
        this.#keep(CODE.yielded, job.id, 0, body);
      }
    } catch (error) {
      kind = FAILED;
      body = message(error);
    }
    this.#end(job, CODE.streamed, kind, kind === FAILED ? body : NOTHING);
  }

  /** Nobody reads the stream of a task any more. */
  #stop(id: number): void {
    const job = this.#jobs.get(id);
    void job?.stream?.values.return();
    job?.stream?.window.open();
    job?.said?.drop();
  }

  /** A task has ended: its outcome goes once all has gone that it had said before. */
  #end(job: Job, code: number, kind: number, body: Uint8Array): void {
    const end = (): void => {
      if (this.#jobs.get(job.id) === job) this.#jobs.delete(job.id);
      this.#keep(code, job.id, kind, body);
      if (this.#jobs.size === 0) this.#tellEmpty?.();
    };
    if (kind === CANCELLED) job.said?.drop();
    if (job.said === null) end();
    else void job.said.end().then(end);
  }

  #keep(code: number, id: number, kind: number, body: Uint8Array): void {
    const result = { code, id, kind, body };
    this.#kept.push(result);
    this.#sendResult(result);
  }

  #sendResult({ code, id, kind, body }: Result): void {
    this.#channel?.send(code, id, kind, body);
  }

  #confirm(seen: number): void {
    const count = seen - this.#confirmed;
    if (count <= 0) return;
    this.#kept = this.#kept.slice(count);
    this.#confirmed = seen;
  }

  #cancel(id: number, running: boolean): void {
    const job = this.#jobs.get(id);
    // What it yields is wanted elsewhere, or not at all.
    if (job?.stream != null) this.#stop(id);
    const isDone = job !== undefined && job.future.cancel({ running });
    this.#channel?.send(CODE.cancelled, id, isDone ? 1 : 0);
  }

  /** The last of those that have not begun go back: the first may begin at any moment. */
  #giveBack(count: number): void {
    let left = count;
    for (const job of [...this.#unseen.values()].toReversed()) {
      if (left <= 0) break;
      this.#jobs.delete(job.id);
      if (job.future.running || !job.future.cancel()) {
        this.#jobs.set(job.id, job);
        continue;
      }
      job.said?.drop();
      this.#unseen.delete(job.id);
      this.#channel?.send(CODE.returned, job.id);
      left--;
    }
    this.#channel?.send(CODE.recalled);
  }

  /** Tells which tasks have begun: of those that take longer than a look. */
  #look(): void {
    if (this.#unseen.size === 0 || this.#channel === null || this.#looking !== null) return;
    this.#looking = setTimeout(() => {
      this.#looking = null;
      let looked = 0;
      for (const job of this.#unseen.values()) {
        if (looked++ >= Math.max(LOOKED_AT, this.workers * 2)) break;
        if (!job.future.running) continue;
        job.isKnownToRun = true;
        this.#unseen.delete(job.id);
        this.#channel?.send(CODE.begun, job.id);
      }
      this.#look();
    }, LOOK_MS);
  }
}

const NOTHING = Buffer.alloc(0);

/** What a manager has been told about the pool that it shall have. */
export const readWelcome = (body: Buffer): Welcome => decode(body) as Welcome;
