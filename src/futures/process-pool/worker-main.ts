import { observed } from '../../base/observer.ts';
import { isAwaited } from '../fabric/awaited.ts';
import { applyToChunk, type ChunkResult, sendablePart } from '../fabric/chunk.ts';
import { inspect } from 'node:util';
import { NEVER } from '../../base/deadline.ts';
import { preloads } from '../../host/process/preloads.ts';
import { nameExports } from '../../message/closures/index.ts';
import { decodeAsync, decode, MustAwait, SendError } from '../../message/index.ts';
import type { Queue } from '../../queue/queue.ts';
import { bytesOf, dropItem, type Item, MESSAGE, peekItem, toItem } from '../../queue/item.ts';
import {
  AWAKE,
  type Board,
  CLOSED,
  HOW_ALL,
  HOW_CHUNK,
  HOW_CHUNK_OF_LISTS,
  HOW_MAP,
  HOW_ONE,
  HOW_STARMAP,
  OUTCOME_ERROR,
  OUTCOME_STREAM,
  OUTCOME_UNREADABLE,
  OUTCOME_UNSENDABLE,
  OUTCOME_VALUE,
  PARKED,
  RETIRED,
  WORKING,
} from './board.ts';
import { isStream, type Stream } from '../fabric/stream.ts';
import { ownerHere } from './messages.ts';
import { orDescribed } from '../describe-thrown.ts';
import { newStream, sendStream, type Yielded } from './stream.ts';

preloads.add(import.meta.url);

type AnyFunction = (...args: unknown[]) => unknown;

export interface WorkerStart {
  readonly board: Board;
  readonly worker: number;
  readonly tasksMax: number;
  readonly initializer: AnyFunction | undefined;
  readonly initArgs: readonly unknown[];
}

/** So many functions a worker keeps that it has read. */
const FUNCTIONS_MAX = 512;
/** So long tasks may follow each other before the event loop has its turn. */
const TURN_MS = 10;
/** A worker that sleeps hard looks so often whether its parent is still there. */
const LOOK_MS = 1000;
const SPINS = 200;

/** The main function of a pool's worker process: it does tasks until the pool is closed, or it has done as many as it may. */
export async function poolWorker(start: WorkerStart): Promise<void> {
  const { board, worker, initializer, initArgs } = start;
  // At a terminal Ctrl-C goes to all processes: it is for the parent to say what happens.
  process.on('SIGINT', () => {});
  rememberStderr(board, worker);
  ownerHere.wake = () => board.callOwner();
  try {
    await initializer?.(...initArgs);
  } catch (error) {
    board.fail((thrown(board, error).word >>> 0) * 16);
    process.exitCode = 1;
    return;
  }
  board.setLife(worker, WORKING);
  await new Worker(start).run();
}
nameExports(import.meta.url, { poolWorker });

function rememberStderr(board: Board, worker: number): void {
  const { stderr } = process;
  const write = stderr.write.bind(stderr) as (...args: unknown[]) => boolean;
  stderr.write = (chunk: Uint8Array | string, ...rest: unknown[]) => {
    board.rememberText(worker, typeof chunk === 'string' ? Buffer.from(chunk) : chunk);
    return write(chunk, ...rest);
  };
  process.on('uncaughtExceptionMonitor', (error) => board.rememberText(worker, Buffer.from(`${inspect(error)}\n`)));
}

/** An error as an item, whatever it takes, always as a message: one that can't travel goes as its text, and one for which there is no room as nothing. */
function thrown({ heap }: Board, error: unknown): Item {
  try {
    return orDescribed(error, (one) => toItem(heap, [one]));
  } catch {
    return toItem(heap, undefined);
  }
}

class Worker {
  readonly #board: Board;
  readonly #worker: number;
  readonly #functions = new Map<number, AnyFunction>();
  readonly #atRest: number;
  #left: number;

  constructor({ board, worker, tasksMax }: WorkerStart) {
    this.#board = board;
    this.#worker = worker;
    this.#left = tasksMax;
    this.#atRest = process.getActiveResourcesInfo().length;
  }

  async run(): Promise<void> {
    const board = this.#board;
    let turn = performance.now();
    for (let count = 1; ; count++) {
      const slot = board.claim(this.#worker);
      if (slot < 0) {
        if (board.phase === CLOSED && board.isEmpty) return;
        await this.#park();
        turn = performance.now();
        continue;
      }
      const running = this.#do(slot);
      if (running !== null) await running;
      if (--this.#left === 0) {
        board.setLife(this.#worker, RETIRED);
        return;
      }
      if ((count & 15) !== 0 || performance.now() - turn < TURN_MS) continue;
      // What tasks have left in the event loop has its turn, too.
      await new Promise(setImmediate);
      turn = performance.now();
    }
  }

  /** Sleeps until there is something to do: hard, if nothing goes on in the event loop, or in it. */
  async #park(): Promise<void> {
    const board = this.#board;
    for (let spin = 0; spin < SPINS; spin++) if (!board.isEmpty) return;
    const park = board.parkWord(this.#worker);
    const isQuiet = process.getActiveResourcesInfo().length <= this.#atRest;
    park.store(PARKED);
    if (!board.isEmpty || board.phase === CLOSED) {
      park.store(AWAKE);
      return;
    }
    if (!isQuiet) {
      while (park.load() === PARKED) await park.sleepAsync(PARKED, NEVER);
      return;
    }
    const parent = process.ppid;
    while (park.load() === PARKED) {
      park.sleep(PARKED, performance.now() + LOOK_MS);
      if (process.ppid !== parent) process.exit(1);
    }
  }

  /** Does one task. A promise, which never rejects, when it has to be awaited. */
  #do(slot: number): Promise<void> | null {
    const board = this.#board;
    let fn: AnyFunction;
    let input: unknown;
    try {
      fn = this.#functions.get(board.serialOf(slot)) ?? this.#read(slot);
      input = peekItem(board.heap, board.inputOf(slot));
    } catch (error) {
      if (error instanceof MustAwait) return this.#readAndDo(slot);
      this.#finish(slot, OUTCOME_UNREADABLE, thrown(board, error));
      return null;
    }
    return this.#call(slot, fn, input);
  }

  async #readAndDo(slot: number): Promise<void> {
    const board = this.#board;
    try {
      const { block, serial } = board.functionOf(slot);
      const { value } = await decodeAsync(bytesOf(board.heap, block));
      this.#keep(serial, value as AnyFunction);
      const item = board.inputOf(slot);
      const input =
        item.kind === MESSAGE ? (await decodeAsync(bytesOf(board.heap, (item.word >>> 0) * 16))).value : peekItem(board.heap, item);
      await this.#call(slot, value as AnyFunction, input);
    } catch (error) {
      this.#finish(slot, OUTCOME_UNREADABLE, thrown(board, error));
    }
  }

  #read(slot: number): AnyFunction {
    const { block, serial } = this.#board.functionOf(slot);
    return this.#keep(serial, decode(bytesOf(this.#board.heap, block)) as AnyFunction);
  }

  #keep(serial: number, fn: AnyFunction): AnyFunction {
    const [oldest] = this.#functions.keys();
    if (this.#functions.size >= FUNCTIONS_MAX) this.#functions.delete(oldest!);
    this.#functions.set(serial, fn);
    return fn;
  }

  #call(slot: number, called: AnyFunction, input: unknown): Promise<void> | null {
    const fn = observed(called);
    let result: unknown;
    let isPromise: boolean;
    try {
      switch (this.#board.howOf(slot)) {
        case HOW_ONE:
          result = fn(input);
          break;
        case HOW_ALL:
          result = fn(...(input as unknown[]));
          break;
        case HOW_MAP:
          result = mapped(input as unknown[], fn);
          break;
        case HOW_STARMAP:
          result = mapped(input as unknown[], (args) => fn(...(args as unknown[])));
          break;
        case HOW_CHUNK:
        case HOW_CHUNK_OF_LISTS:
          result = applyToChunk(fn as never, input as unknown[], this.#board.howOf(slot) === HOW_CHUNK_OF_LISTS);
      }
      // It looks at what the task has made, which may throw.
      isPromise = isAwaited(result);
    } catch (error) {
      this.#finish(slot, OUTCOME_ERROR, thrown(this.#board, error));
      return null;
    }
    if (!isPromise) return this.#succeed(slot, result);
    return Promise.resolve(result).then(
      (value) => this.#succeed(slot, value) ?? undefined,
      (error: unknown) => this.#finish(slot, OUTCOME_ERROR, thrown(this.#board, error)),
    );
  }

  /** A promise when it goes on, as a stream. */
  #succeed(slot: number, value: unknown): Promise<void> | null {
    let output: Item;
    try {
      if (isStream(value) && this.#board.howOf(slot) === HOW_ALL) return this.#stream(slot, value);
      output = this.#output(slot, value);
    } catch (error) {
      const reason = error instanceof SendError ? new SendError(error.code, error.message) : error;
      this.#finish(slot, OUTCOME_UNSENDABLE, thrown(this.#board, [reason, textOf(value)]));
      return null;
    }
    this.#finish(slot, OUTCOME_VALUE, output);
    return null;
  }

  #output(slot: number, value: unknown): Item {
    const { heap } = this.#board;
    try {
      return toItem(heap, value);
    } catch (error) {
      const how = this.#board.howOf(slot);
      if (how !== HOW_CHUNK && how !== HOW_CHUNK_OF_LISTS) throw error;
      const check = (one: unknown): void => dropItem(heap, toItem(heap, one));
      return toItem(heap, sendablePart(value as ChunkResult, check));
    }
  }

  async #stream(slot: number, stream: Stream): Promise<void> {
    const { heap } = this.#board;
    let values: Queue<Yielded>;
    let output: Item;
    try {
      values = newStream(heap);
      output = toItem(heap, values);
    } catch (error) {
      this.#finish(slot, OUTCOME_ERROR, thrown(this.#board, error));
      return;
    }
    this.#finish(slot, OUTCOME_STREAM, output);
    await sendStream(values, stream);
  }

  #finish(slot: number, outcome: number, output: Item): void {
    this.#board.finish(this.#worker, slot, outcome, output);
  }
}

function textOf(value: unknown): string {
  try {
    return inspect(value, { depth: 1 }).slice(0, 500);
  } catch {
    return 'something that throws when it is looked at';
  }
}

/** Maps at once as long as no promise comes; from the first one on, it awaits them one after another. */
function mapped(items: readonly unknown[], fn: (item: unknown) => unknown): unknown[] | Promise<unknown[]> {
  const results: unknown[] = [];
  for (let i = 0; i < items.length; i++) {
    const result = fn(items[i]);
    if (isAwaited(result)) return mappedFrom(items, fn, results, result);
    results.push(result);
  }
  return results;
}

async function mappedFrom(
  items: readonly unknown[],
  fn: (item: unknown) => unknown,
  results: unknown[],
  pending: PromiseLike<unknown>,
): Promise<unknown[]> {
  results.push(await pending);
  while (results.length < items.length) results.push(await fn(items[results.length]));
  return results;
}
