import { type Deadline, NEVER } from '../../../base/deadline.ts';
import { BrokenExecutorError, BrokenWorkerError } from '../../../futures/errors.ts';
import { delayBeforeRetry, type RetryPlan } from '../../../futures/retries.ts';
import { type AnyFuture, newFuture, peek, setTicket, settleFuture, type Source, ticketOf } from '../../../futures/future.ts';
import * as state from '../../../futures/future-record.ts';
import { arrived } from '../../../futures/process-pool/remote-error.ts';
import { type BookedFunction, FunctionBook, type FunctionShelf, keepSerials } from '../../../futures/process-pool/function-book.ts';
import { Service } from '../../../host/thread/service.ts';
import { decode, decodeAsync, encode, MustAwait } from '../../../message/index.ts';
import { CANCELLED, CODE, KIND_BITS, SUCCEEDED } from '../../channel/codes.ts';
import { RecordReader, RecordWriter } from '../../channel/records.ts';
import type { Hello } from '../manager/hello.ts';
import { Inflow } from './inflow.ts';
import { type Job, newJob } from './job.ts';
import type { JournalContent, JournalTask } from './journal.ts';
import type { LinkPlan, ToLink, ToProgram } from './plan.ts';

type AnyFunction = (...args: never[]) => unknown;

/** How long a node is waited for that is asked whether a task has begun. After that, the task is taken to run on. */
const ANSWER_MS = 5000;

const NOBODY_READ = 'the task was yielding when its program was killed, and what it had yielded by then is lost';

export interface Handover {
  readonly fn: AnyFunction;
  /** A code of records: how the function is called. */
  readonly how: number;
  readonly input: unknown;
  readonly limit?: number | undefined;
  readonly priority?: number | undefined;
  readonly retry?: RetryPlan | null | undefined;
  /** Called with what it says while it runs. */
  readonly onMessage?: ((message: never) => void) | undefined;
}

/** The program's end of the thread that stands between it and the nodes. */
export class Link {
  readonly #plan: LinkPlan;
  readonly #service: Service;
  readonly #jobs = new Map<number, Job>();
  readonly #writer = new RecordWriter();
  readonly #reader: RecordReader;
  readonly #book: FunctionBook;
  readonly #source: Source;
  readonly #nodes: Hello[] = [];
  /** What came while an answer was waited for, in order. */
  #delayed: ToProgram[] = [];
  #answers = new Map<number, boolean>();
  #isFlushing = false;
  #ids = 0;
  #asks = 0;
  #failure: unknown = null;
  #isGone = false;
  #tellGone!: () => void;
  readonly #gone: Promise<void>;
  /** The jobs that there are now. */
  jobs: readonly string[] = [];

  constructor(plan: LinkPlan) {
    this.#plan = plan;
    this.#gone = new Promise((resolve) => (this.#tellGone = resolve));
    this.#book = new FunctionBook(this.#shelf());
    this.#reader = new RecordReader((code, id, extra, body) => this.#record(code, id, extra, body));
    this.#service = new Service(new URL('./link-main.js', import.meta.url), `${plan.title}-link`, plan);
    this.#service.onMessage = (message) => this.#hear(message as ToProgram);
    void this.#service.ended.then((error) => this.#ended(error));
    this.#source = {
      isRunning: (future) => this.#jobs.get(ticketOf(future))?.begunOn != null,
      cancel: (future, running) => this.#cancel(ticketOf(future), running),
      waitSync: (future, deadline) => this.#pumpUntil(() => peek(future) >= state.CANCELLED, deadline),
    };
  }

  /** Why nothing can be handed over any more; `null` while it can. */
  get failure(): unknown {
    return this.#failure;
  }

  /** The nodes that have come, by name. */
  get nodes(): readonly string[] {
    return this.#nodes.map(({ host }) => host);
  }

  /** Asks for nodes now. */
  start(): void {
    this.#send({ say: 'start' });
  }

  /** Hands a task over. Throws `SendError`. */
  submit({ fn, how, input, limit = 0, priority = 0, retry = null, onMessage }: Handover): AnyFuture {
    const future = newFuture(this.#source, 0);
    const booked = this.#book.use(fn);
    let body: Uint8Array;
    try {
      ({ bytes: body } = encode(input, { where: 'program' }));
    } catch (error) {
      this.#book.leave(booked);
      throw error;
    }
    const id = (this.#ids = (this.#ids + 1) >>> 0);
    const kept = retry === null ? null : new Uint8Array(body);
    const inflow = onMessage === undefined ? null : this.#inflow(id, onMessage);
    const job = this.#hold(newJob({ id, future, fn: booked, how, body: kept, limit, priority, retry, inflow }));
    this.#hand(job, body);
    return future;
  }

  /** The futures of what an earlier program has handed over, in that order. Before anything else is. */
  takeUp({ tasks, lastTask, lastFunction }: JournalContent): AnyFuture[] {
    this.#ids = lastTask;
    keepSerials(lastFunction);
    return [...tasks.values()].map((task) => this.#resume(task));
  }

  #resume({ id, fn, limit, priority, isStreaming, outcome }: JournalTask): AnyFuture {
    const future = newFuture(this.#source, 0);
    const booked: BookedFunction = { block: 0, serial: fn, name: '', users: 1 };
    const how = CODE.task;
    const job = this.#hold(newJob({ id, future, fn: booked, how, body: null, limit, priority, retry: null, inflow: null }));
    if (outcome?.isCancelled === true) this.#settle(job, state.CANCELLED, undefined);
    else if (isStreaming) this.#settle(job, state.FAILED, new BrokenExecutorError(NOBODY_READ));
    else if (outcome !== null) this.#take(job, CODE.result, outcome.kind, outcome.body);
    return future;
  }

  #hold(job: Job): Job {
    setTicket(job.future, job.id);
    if (this.#jobs.size === 0) this.#service.ref();
    this.#jobs.set(job.id, job);
    return job;
  }

  /** A future that has failed before anything was handed over. */
  failed(error: unknown): AnyFuture {
    const future = newFuture(this.#source, 0);
    settleFuture(future, state.FAILED, error);
    return future;
  }

  #hand(job: Job, body: Uint8Array): void {
    // No message: the body lies where the next one would be written.
    if (job.limit > 0 || job.priority !== 0 || job.isHeard) {
      const terms = Float64Array.of(Math.ceil(job.limit), job.priority, job.isHeard ? 1 : 0);
      this.#write(CODE.terms, 0, 0, new Uint8Array(terms.buffer));
    }
    this.#write(job.how, job.id, job.fn.serial, body);
  }

  #write(code: number, id: number, extra: number, body: Uint8Array | null): void {
    this.#writer.add(code, id, extra, body);
    if (this.#isFlushing) return;
    this.#isFlushing = true;
    queueMicrotask(() => this.#flush());
  }

  #flush(): void {
    this.#isFlushing = false;
    if (this.#writer.length === 0 || this.#isGone) return;
    const bytes = this.#writer.take();
    this.#service.send({ say: 'records', bytes } satisfies ToLink, [bytes.buffer]);
  }

  #send(what: ToLink): void {
    this.#flush();
    if (!this.#isGone) this.#service.send(what);
  }

  #shelf(): FunctionShelf {
    const texts = new Map<number, Buffer>();
    let places = 0;
    return {
      where: 'program',
      put: (bytes) => {
        texts.set(++places, Buffer.from(bytes));
        return places;
      },
      holds: (place, bytes) => texts.get(place)?.equals(bytes) === true,
      remove: (place) => void texts.delete(place),
      written: ({ block, serial }) => this.#write(CODE.fn, serial, 0, texts.get(block)!),
      erased: ({ serial }) => this.#write(CODE.forget, serial, 0, null),
    };
  }

  #hear(message: ToProgram): void {
    switch (message.say) {
      case 'records': {
        const { buffer, byteOffset, byteLength } = message.bytes;
        return this.#reader.push(Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength));
      }
      case 'answer':
        this.#answers.set(message.ask, message.isTaken);
        return;
      case 'broken':
        this.#failure ??= decode(message.error);
        return;
      case 'jobs':
        this.jobs = message.jobs;
        return;
      case 'waiting':
        process.emitWarning(describeWait(this.#plan.title, message), 'SlurmWarning');
        return;
      case 'gone':
        this.#isGone = true;
        this.#service.unref();
        this.#tellGone();
    }
  }

  #record(code: number, id: number, extra: number, body: Buffer): void {
    if (code === CODE.node) {
      this.#nodes[id] = JSON.parse(body.toString()) as Hello;
      return;
    }
    const job = this.#jobs.get(id);
    if (job === undefined) return;
    if (code === CODE.begun) job.begunOn = this.#nodes[extra]?.host ?? '';
    else if (job.delayed === null) this.#take(job, code, extra, body);
    else job.delayed.push(() => this.#takeLater(job, code, extra, body));
  }

  #inflow(id: number, onMessage?: (message: never) => void): Inflow {
    return new Inflow(onMessage, this.#plan.title, (code, more) => this.#write(code, id, more, null));
  }

  /** Takes what has come of a task. */
  #take(job: Job, code: number, extra: number, body: Buffer): void {
    const kind = extra & ((1 << KIND_BITS) - 1);
    if (code === CODE.result && kind === CANCELLED) return this.#settle(job, state.CANCELLED, undefined);
    let value: unknown;
    try {
      value = body.length === 0 ? undefined : decode(body);
    } catch (error) {
      if (error instanceof MustAwait) return this.#delay(job, code, extra, body);
      return this.#unreadable(job, code, error);
    }
    this.#taken(job, code, extra, value);
  }

  /** A module has to be awaited for it; what comes after it waits. */
  #delay(job: Job, code: number, extra: number, body: Buffer): void {
    const delayed = (job.delayed = [() => this.#takeLater(job, code, extra, body)]);
    void (async () => {
      for (let next = delayed.shift(); next !== undefined; next = delayed.shift()) await next();
      job.delayed = null;
    })();
  }

  async #takeLater(job: Job, code: number, extra: number, body: Buffer): Promise<void> {
    let value: unknown;
    try {
      ({ value } = body.length === 0 ? { value: undefined } : await decodeAsync(body));
    } catch (error) {
      return this.#unreadable(job, code, error);
    }
    this.#taken(job, code, extra, value);
  }

  /** A message that can't be read is reported; a value, or an outcome, is the error instead. */
  #unreadable(job: Job, code: number, error: unknown): void {
    if (code !== CODE.said) {
      if (job.inflow?.isStreaming === true) this.#write(CODE.stop, job.id, 0, null);
      return this.#settle(job, state.FAILED, error);
    }
    job.inflow?.said(() => {
      throw error;
    });
  }

  #taken(job: Job, code: number, extra: number, value: unknown): void {
    const kind = extra & ((1 << KIND_BITS) - 1);
    switch (code) {
      case CODE.said:
        return job.inflow?.said(() => value);
      case CODE.stream:
        job.inflow ??= this.#inflow(job.id);
        job.begunOn ??= this.#nodes[extra >>> KIND_BITS]?.host ?? '';
        return void settleFuture(job.future, state.SUCCEEDED, job.inflow.open());
      case CODE.yielded:
        return job.inflow?.yielded(value);
      default:
        return this.#conclude(job, kind, extra >>> KIND_BITS, value);
    }
  }

  #conclude(job: Job, kind: number, node: number, value: unknown): void {
    if (kind === SUCCEEDED) return this.#settle(job, state.SUCCEEDED, value);
    const { retry } = job;
    const mayRetry = retry !== null && this.#failure === null && job.inflow?.isStreaming !== true;
    const delay = !mayRetry ? null : delayBeforeRetry({ retry, attempts: ++job.attempts }, value);
    if (delay === null) return this.#settle(job, state.FAILED, arrived(value, `a worker of ${this.#describeNode(node)}`));
    job.begunOn = null;
    job.timer = setTimeout(() => {
      job.timer = null;
      this.#hand(job, job.body!);
    }, delay);
  }

  #describeNode(number: number): string {
    const hello = this.#nodes[number];
    if (hello === undefined) return 'a node';
    return `node ${hello.host}${hello.job === null ? `, process ${hello.pid}` : `, job ${hello.job}`}`;
  }

  #settle(job: Job, how: state.FutureState, value: unknown): void {
    if (!this.#forget(job)) return;
    if (job.inflow?.isStreaming === true) job.inflow.finish(how !== state.SUCCEEDED, value);
    else settleFuture(job.future, how, value);
  }

  /** The job is over; false when it was before. */
  #forget(job: Job): boolean {
    if (!this.#jobs.delete(job.id)) return false;
    if (job.timer !== null) clearTimeout(job.timer);
    this.#book.leave(job.fn);
    if (this.#jobs.size === 0) {
      this.#service.unref();
      this.#tellIdle?.();
    }
    return true;
  }
  #tellIdle: (() => void) | null = null;

  /** Asks, by blocking for a round trip at most, whether a task can be taken back. True: its caller settles the future. */
  #cancel(id: number, running: boolean): boolean {
    const job = this.#jobs.get(id);
    if (job === undefined) return false;
    if (job.begunOn !== null && !running) return false;
    if (job.timer !== null) return this.#forget(job);
    const ask = this.#asks++;
    this.#send({ say: 'cancel', id, running, ask });
    const deadline = performance.now() + ANSWER_MS;
    while (!this.#answers.has(ask) && !this.#isGone) {
      const message = this.#service.receiveSync(deadline) as ToProgram | undefined;
      if (message === undefined) break;
      // What else comes has its turn later: a callback of a future is not called from here.
      if (message.say === 'answer') this.#answers.set(message.ask, message.isTaken);
      else if (this.#delayed.push(message) === 1) setImmediate(() => this.#hearDelayed());
    }
    const isTaken = this.#answers.get(ask) === true;
    this.#answers.delete(ask);
    return isTaken && this.#forget(job);
  }

  #hearDelayed(): void {
    const delayed = this.#delayed;
    this.#delayed = [];
    for (const message of delayed) this.#hear(message);
  }

  /** Breaks a task off, and fails its future with a reason of the program's. */
  abort(future: AnyFuture, reason: unknown): void {
    const job = this.#jobs.get(ticketOf(future));
    if (job === undefined) return;
    this.#send({ say: 'cancel', id: job.id, running: true, ask: this.#asks++ });
    this.#settle(job, state.FAILED, reason);
  }

  /** Takes back what has not begun. */
  cancelQueued(): void {
    for (const job of this.#jobs.values()) if (job.future.cancel()) this.#forget(job);
  }

  #pumpUntil(isDone: () => boolean, deadline: Deadline): void {
    this.#flush();
    this.#hearDelayed();
    while (!isDone() && !this.#isGone) {
      const message = this.#service.receiveSync(deadline) as ToProgram | undefined;
      if (message === undefined) return;
      this.#hear(message);
      this.#flush();
    }
  }

  /** Ends it once everything has run. */
  async close(): Promise<void> {
    if (this.#jobs.size > 0) await new Promise<void>((resolve) => (this.#tellIdle = resolve));
    await this.#leave('close');
  }

  closeSync(): void {
    this.#pumpUntil(() => this.#jobs.size === 0, NEVER);
    this.#send({ say: 'close' });
    this.#pumpUntil(() => this.#isGone, NEVER);
  }

  /** Ends it at once, with what runs. */
  async terminate(): Promise<void> {
    for (const job of this.#jobs.values()) {
      const reason = 'terminated';
      const error =
        job.begunOn === null
          ? new BrokenExecutorError(`${this.#plan.title} was terminated before the task had begun`)
          : new BrokenWorkerError({ reason, exitCode: null, worker: `on ${job.begunOn}` });
      this.#settle(job, state.FAILED, error);
    }
    await this.#leave('terminate');
  }

  async #leave(say: 'close' | 'terminate'): Promise<void> {
    if (!this.#isGone) {
      this.#send({ say });
      this.#service.ref();
    }
    await this.#gone;
    await this.#service.gone();
  }

  /** The link's thread has ended: in order, or by a mistake of ours. */
  #ended(error: Error | null): void {
    this.#hearDelayed();
    this.#isGone = true;
    this.#tellGone();
    if (this.#jobs.size === 0) return;
    this.#failure ??= new BrokenExecutorError(`${this.#plan.title} has lost the thread that speaks with its nodes`, { cause: error });
    for (const job of this.#jobs.values()) this.#settle(job, state.FAILED, this.#failure);
  }
}

function describeWait(title: string, { job, ms, reason }: { readonly job: string; readonly ms: number; readonly reason: string }): string {
  const why = reason === '' ? 'Slurm gives no reason' : `Slurm's reason is ${reason}`;
  return `job ${job} of ${title} has waited for nodes for ${Math.round(ms / 1000)} s: ${why}. queueTimeout bounds the wait; \`squeue -j ${job} --start\` says when it may begin`;
}
