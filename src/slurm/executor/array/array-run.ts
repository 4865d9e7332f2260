import { randomUUID } from 'node:crypto';
import { closeSync, mkdirSync, openSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { version } from '../../../base/version.ts';
import { StateError } from '../../../base/errors.ts';
import { positiveInteger } from '../../../base/positive-integer.ts';
import { type AnyFuture, type Future, newFuture, peek, settleFuture, setTicket, type Source } from '../../../futures/future.ts';
import * as state from '../../../futures/future-record.ts';
import { mainModule } from '../../../message/closures/index.ts';
import { decode, decodeAsync, encode, MustAwait } from '../../../message/index.ts';
import { CODE, SUCCEEDED } from '../../channel/codes.ts';
import { RecordWriter } from '../../channel/records.ts';
import { tailOf } from '../../job/log.ts';
import { writeAll } from '../../../host/thread/output.ts';
import { JobFailedError } from '../errors.ts';
import { jobOf, type JobOptions } from '../job-options.ts';
import { CHECKPOINTS } from './checkpoint.ts';
import { type ElementLauncher, logOf, newElementLauncher, type Watch } from './element-launcher.ts';
import { type ElementPlan, type Manifest, readManifest, writeManifest, writeWhole } from './manifest.ts';
import { readResults, refreshResults, resultFiles } from './results.ts';

export interface ArrayOptions extends JobOptions {
  /** How many elements the items are dealt out to; 64 when left out, and never more than there are items. */
  readonly elements?: number | undefined;
  /**
   * How often an element is submitted again whose time was up, or that lost its node or made room for others, with what it has not done; 0 when left
   * out. What tasks have kept by `saveCheckpoint` is there again.
   */
  readonly resubmits?: number | undefined;
  /** Processors for each element; 1 when left out. */
  readonly cpusPerElement?: number | undefined;
  /** How many elements may run at once; all when left out. */
  readonly parallel?: number | undefined;
}

/** How a run that goes on without its program is taken up again. */
export interface AttachOptions {
  /** Has what is missing, and neither waits nor runs, done now. */
  readonly resume?: boolean | undefined;
}

/** How often the folder is looked into, at first and at last. */
const LOOK_FIRST_MS = 100;
const LOOK_LAST_MS = 2000;
/** An element that has ended may leave its last file so much later, as it is seen from here. */
const GRACE_MS = { local: 300, slurm: 2000 } as const;
/** So much input is written in one piece. */
const PIECE_BYTES = 1 << 20;
const ELEMENTS = 64;
/** How an element ends that may do better the next time, by no fault of its own. */
const RESUBMITTED: ReadonlySet<string> = new Set(['TIMEOUT', 'PREEMPTED', 'NODE_FAIL', 'BOOT_FAIL']);

type AnyFunction = (item: never) => unknown;

/**
 * A function over many items as a job array, through files: for tasks that take long, for nodes that can't reach this machine, and for runs
 * that outlive the program. Whatever ends, `ArrayRun.attach(folder)` finds the run again, and its futures with it.
 *
 * ```ts no-run: it needs a cluster
 * import { ArrayRun } from 'manycore/slurm';
 * const run = ArrayRun.start((seed: number) => seed * 2, [1, 2, 3], { partition: 'normal', time: '1:00:00' });
 * console.log(run.folder);
 * for await (const result of run) console.log(result);
 * ```
 */
export class ArrayRun<R = unknown> implements AsyncIterable<R> {
  /** Where it lies. */
  readonly folder: string;
  /** One for each item, in their order. */
  readonly futures: readonly Future<R>[];
  private readonly launcher: ElementLauncher;
  private readonly read = new Set<string>();
  /** Elements whose results are all here, or will never be. */
  private readonly over = new Set<number>();
  private manifest: Manifest;
  private left: number;
  private timer: NodeJS.Timeout | null = null;
  private delay = LOOK_FIRST_MS;
  /** What looks after the jobs of the attempts. */
  private readonly watches = new Set<Watch>();
  private isHeld = true;

  private constructor(folder: string, manifest: Manifest) {
    this.folder = folder;
    this.manifest = manifest;
    this.left = manifest.items;
    this.launcher = newElementLauncher(manifest);
    const source: Source = {
      isRunning: () => false,
      cancel: () => false,
      waitSync: (future) => this.waitSync(future),
    };
    this.futures = Array.from({ length: manifest.items }, (_, i) => {
      const future = newFuture<R>(source, i);
      setTicket(future as AnyFuture, i);
      return future;
    });
  }

  /**
   * Writes function and items, as they come, to a folder of their own, and submits the array. Throws `SendError` for what can't travel; what Slurm refuses fails the
   * futures.
   */
  static start<A, R>(fn: (item: A) => R, items: Iterable<A>, options: ArrayOptions = {}): ArrayRun<Awaited<R>> {
    if (typeof fn !== 'function') throw new TypeError(`an array needs a function: got ${typeof fn}`);
    return ArrayRun.begin(new Uint8Array(encode(fn as AnyFunction, { where: 'program' }).bytes), encoded(items), options);
  }

  /** @internal The same, of what has been encoded. */
  static begin<R>(fn: Uint8Array, items: Iterable<InputItem>, options: ArrayOptions): ArrayRun<R> {
    const launch = jobOf(options, options.cpusPerElement ?? 1);
    const parent = options.directory ?? (launch.kind === 'local' ? tmpdir() : join(homedir(), '.manycore'));
    const folder = join(resolve(parent), `array-${randomUUID()}`);
    for (const name of ['', 'results', 'log', CHECKPOINTS]) mkdirSync(join(folder, name), { recursive: true, mode: 0o700 });
    writeWhole(join(folder, 'function'), fn);
    const { elements, count } = writeInput(folder, items, positiveInteger(options.elements ?? ELEMENTS, 'elements'));
    const manifest: Manifest = {
      version,
      run: randomUUID(),
      items: count,
      parallel: options.parallel === undefined ? null : positiveInteger(options.parallel, 'parallel'),
      elements,
      cwd: process.cwd(),
      argv: process.argv,
      main: mainModule(),
      launch,
      resubmits: options.resubmits ?? 0,
      attempts: [],
    };
    writeManifest(folder, manifest);
    const run = new ArrayRun<R>(folder, manifest);
    if (count > 0) void run.launch(elements.map((_, i) => i));
    return run;
  }

  /** Finds a run again. What has been done is there; with `resume`, what is missing is done now. Throws `StateError` when there is none. */
  static attach<R = unknown>(folder: string, { resume = false }: AttachOptions = {}): ArrayRun<R> {
    const manifest = readManifest(folder);
    if (manifest.version !== version)
      throw new StateError('ERR_ARRAY_VERSION', `${folder} was made by manycore ${manifest.version}, and this is ${version}`);
    const run = new ArrayRun<R>(resolve(folder), manifest);
    for (const file of resultFiles(run.folder)) run.take(file);
    if (run.left === 0) return run;
    if (resume) void run.resume();
    else run.follow();
    return run;
  }

  /** How many items have ended. */
  get done(): number {
    return this.manifest.items - this.left;
  }

  /** The jobs that have been submitted for it. */
  get jobs(): readonly string[] {
    return this.manifest.attempts.flatMap(({ job }) => job ?? []);
  }

  /** What the element with this item has printed, its last attempt last, up to 16,000 bytes of each; nothing tells the items of an element apart. */
  async log(item: number): Promise<string> {
    const element = this.manifest.elements.findIndex(({ from, items }) => item >= from && item < from + items);
    if (element < 0) throw new RangeError(`the array has ${this.manifest.items} items: got ${item}`);
    const texts: string[] = [];
    for (const [number, { elements }] of this.manifest.attempts.entries())
      if (elements.includes(element)) texts.push(await tailOf(logOf(this.folder, element, number), Infinity));
    return texts.filter((text) => text !== '').join('\n');
  }

  /** The results in the order of the items, each as soon as it and those before it are there. */
  async *[Symbol.asyncIterator](): AsyncGenerator<R, undefined, void> {
    for (const future of this.futures) yield await future;
    return undefined;
  }

  /** All results, in the order of the items. Rejects with the first error among them, by their order. */
  async toArray(): Promise<R[]> {
    const all: R[] = [];
    for await (const one of this) all.push(one);
    return all;
  }

  /** This program waits no longer, and may end; the run goes on. */
  detach(): void {
    this.isHeld = false;
    this.timer?.unref();
    for (const watch of this.watches) watch.release();
  }

  /** Ends what waits or runs. What has been done stays. */
  async cancel(): Promise<void> {
    for (const attempt of this.manifest.attempts) await this.launcher.cancel(attempt);
    for (const future of this.futures) settleFuture(future as AnyFuture, state.CANCELLED, undefined);
    this.left = 0;
    this.stop();
  }

  /** Removes the folder, with everything in it. */
  remove(): void {
    this.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  private stop(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    for (const watch of this.watches) watch.end();
    this.watches.clear();
  }

  private async resume(): Promise<void> {
    const busy = new Set<number>();
    for (const attempt of this.manifest.attempts) {
      const some = await this.launcher.underWay(attempt);
      if (some === null) return this.follow();
      for (const element of some) busy.add(element);
    }
    const todo = this.manifest.elements.flatMap((plan, i) => (this.isComplete(plan) || busy.has(i) ? [] : [i]));
    this.follow();
    if (todo.length > 0) await this.launch(todo);
  }

  /** Looks after all attempts that there have been. */
  private follow(): void {
    for (const number of this.manifest.attempts.keys()) this.watchAttempt(number);
    this.lookLater();
  }

  private watchAttempt(number: number): void {
    const watch = this.launcher.watch(this.manifest.attempts[number]!, {
      looked: (underWay) => {
        if (this.left > 0 && this.looked(number, underWay)) return true;
        this.watches.delete(watch);
        return false;
      },
      misses: (element) => !this.isComplete(this.manifest.elements[element]!),
    });
    this.watches.add(watch);
    if (!this.isHeld) watch.release();
  }

  private isComplete({ from, items }: Pick<ElementPlan, 'from' | 'items'>): boolean {
    for (let i = from; i < from + items; i++) if (peek(this.futures[i] as AnyFuture) < state.CANCELLED) return false;
    return true;
  }

  private async launch(elements: readonly number[]): Promise<void> {
    try {
      const attempt = await this.launcher.launch(this.folder, this.manifest.attempts.length, elements);
      this.manifest = { ...this.manifest, attempts: [...this.manifest.attempts, attempt] };
      writeManifest(this.folder, this.manifest);
      this.watchAttempt(this.manifest.attempts.length - 1);
      this.lookLater();
    } catch (error) {
      for (const element of elements) this.fail(this.manifest.elements[element]!, error);
    }
  }

  private settle(future: AnyFuture, how: 4 | 5, value: unknown): void {
    if (settleFuture(future, how, value)) this.left--;
  }

  /** Takes over what a file holds. */
  private take(file: string): void {
    if (this.read.has(file)) return;
    if (!file.endsWith('.part')) this.read.add(file);
    readResults(file, (item, kind, body) => {
      const future = this.futures[item] as AnyFuture | undefined;
      if (future === undefined || peek(future) >= state.CANCELLED) return;
      const how = kind === SUCCEEDED ? state.SUCCEEDED : state.FAILED;
      try {
        this.settle(future, how, decode(body));
      } catch (error) {
        if (!(error instanceof MustAwait)) return this.settle(future, state.FAILED, error);
        const kept = Buffer.from(body);
        void decodeAsync(kept).then(
          ({ value }) => this.settle(future, how, value),
          (reason: unknown) => this.settle(future, state.FAILED, reason),
        );
      }
    });
  }

  private look(): void {
    const before = this.left;
    for (const file of resultFiles(this.folder)) if (!file.endsWith('.part')) this.take(file);
    if (this.left < before) this.delay = LOOK_FIRST_MS;
  }

  private lookLater(): void {
    if (this.timer !== null || this.left === 0) return;
    this.timer = setTimeout(() => {
      this.timer = null;
      this.look();
      this.lookLater();
    }, this.delay);
    if (!this.isHeld) this.timer.unref();
    this.delay = Math.min(LOOK_LAST_MS, this.delay * 1.3);
  }

  /** Of an attempt, only these elements wait or run: the others have left their results, or never will. False when none is left to look after. */
  private looked(number: number, underWay: ReadonlySet<number>): boolean {
    const { attempts, elements } = this.manifest;
    const later = new Set(attempts.slice(number + 1).flatMap((attempt) => attempt.elements));
    let isNeeded = false;
    for (const element of attempts[number]!.elements) {
      if (this.over.has(element) || later.has(element)) continue;
      if (underWay.has(element)) {
        isNeeded = true;
        continue;
      }
      this.over.add(element);
      const plan = elements[element]!;
      if (!this.isComplete(plan)) void this.miss(element, plan, number);
    }
    return isNeeded;
  }

  /** An element neither waits nor runs, and has not left all its results. */
  private async miss(element: number, { from, items }: ElementPlan, number: number): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, GRACE_MS[this.manifest.launch.kind]));
    if (this.left === 0) return;
    refreshResults(this.folder);
    // What was done before it was killed is done.
    for (const file of resultFiles(this.folder, element)) this.take(file);
    const facts = await this.launcher.facts(this.folder, number, this.manifest.attempts[number]!, element);
    if (this.isComplete({ from, items })) return;
    const tries = this.manifest.attempts.filter(({ elements }) => elements.includes(element)).length;
    if (RESUBMITTED.has(facts.state) && tries <= this.manifest.resubmits) {
      this.over.delete(element);
      return await this.launch([element]);
    }
    const error = new JobFailedError(
      `element ${element} of the array has ended without all its results; ArrayRun.attach(${JSON.stringify(this.folder)}, { resume: true }) does what is missing`,
      facts,
    );
    this.fail({ from, items }, error);
  }

  private fail({ from, items }: Pick<ElementPlan, 'from' | 'items'>, error: unknown): void {
    for (let i = from; i < from + items; i++) this.settle(this.futures[i] as AnyFuture, state.FAILED, error);
  }

  /** What has been written down is found; beyond that, whether an element is still there is known only as the event loop goes on. */
  private waitSync(future: AnyFuture): void {
    this.look();
    if (peek(future) >= state.CANCELLED) return;
    throw new StateError(
      'ERR_ARRAY_WAIT',
      "a result of an array can't be waited for by blocking: that its job has failed would not be noticed. Await the future",
    );
  }
}

/** One item as it is written: how the function is called, and its input as a message. */
export interface InputItem {
  readonly how: number;
  readonly body: Uint8Array;
}

function* encoded(items: Iterable<unknown>): Generator<InputItem> {
  for (const item of items) yield { how: CODE.task, body: encode([item], { where: 'program' }).bytes };
}

/** Writes the items as they come, and deals them out to elements in runs of equal length. */
function writeInput(folder: string, items: Iterable<InputItem>, elementsMax: number): { elements: ElementPlan[]; count: number } {
  const writer = new RecordWriter();
  /** Where each item begins. */
  const offsets: number[] = [];
  const file = openSync(join(folder, 'input'), 'w', 0o600);
  let written = 0;
  const flush = (): void => {
    const records = writer.take();
    writeAll(file, records);
    written += records.length;
  };
  try {
    for (const { how, body } of items) {
      offsets.push(written + writer.length);
      writer.add(how, offsets.length - 1, 0, body);
      if (writer.length < PIECE_BYTES) continue;
      flush();
    }
    flush();
  } finally {
    closeSync(file);
  }
  const count = offsets.length;
  const size = Math.max(1, Math.ceil(count / elementsMax));
  const elements: ElementPlan[] = [];
  for (let from = 0; from < count; from += size) {
    const end = Math.min(count, from + size);
    const offset = offsets[from]!;
    elements.push({ from, items: end - from, offset, bytes: (offsets[end] ?? written) - offset });
  }
  return { elements, count };
}
