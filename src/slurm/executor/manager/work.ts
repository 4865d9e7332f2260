import { isAwaited } from '../../../futures/fabric/awaited.ts';
import { applyToChunk } from '../../../futures/fabric/chunk.ts';
import { isStream, iteratorOf, type Stream } from '../../../futures/fabric/stream.ts';
import { runListened } from '../../../futures/fabric/task.ts';
import { orDescribed } from '../../../futures/describe-thrown.ts';
import { nameExports } from '../../../message/closures/index.ts';
import { decode, decodeAsync, encode, MustAwait, SendError } from '../../../message/index.ts';
import type { Queue } from '../../../queue/index.ts';
import { CODE, FAILED, SUCCEEDED } from '../../channel/codes.ts';

/*
 * What the threads and processes behind a node manager do. Functions, inputs and outcomes pass the manager as they came: as bytes, read here.
 *
 * An outcome begins with eight bytes, of which the first says how the task ended; then comes the message. A task that yields gives a generator of
 * outcomes: one for each value, and one for the error that ends it.
 */
type AnyFunction = (...args: unknown[]) => unknown;
type Outcome = Buffer | AsyncGenerator<Buffer>;
/** Calls a function as a task does. */
type Run = <T>(call: () => T) => T;

export const OUTCOME_HEADER = 8;
/** The first byte of an outcome: the function has to be sent along. */
export const UNKNOWN_FUNCTION = 255;
/** So many functions are kept. */
const FUNCTIONS_MAX = 512;

const functions = new Map<number, AnyFunction>();

/**
 * Does one task: function, by number, and as bytes unless this thread has it; how it is called; its input; where to what it says goes, if
 * somebody hears it.
 */
export function work(
  number: number,
  bytes: Buffer | null,
  how: number,
  input: Buffer,
  said: Queue<Buffer> | null = null,
): Outcome | Promise<Outcome> {
  let fn = functions.get(number);
  if (fn === undefined && bytes === null) return Buffer.from([UNKNOWN_FUNCTION]);
  const run = runnerFor(said);
  let read: unknown;
  try {
    fn ??= keep(number, decode(bytes!) as AnyFunction);
    read = decode(input);
  } catch (error) {
    if (error instanceof MustAwait) return workLater(number, bytes, how, input, run);
    return failed(error);
  }
  return call(fn, how, read, run);
}

async function workLater(number: number, bytes: Buffer | null, how: number, input: Buffer, run: Run): Promise<Outcome> {
  let fn = functions.get(number);
  let read: unknown;
  try {
    fn ??= keep(number, (await decodeAsync(bytes!)).value as AnyFunction);
    read = (await decodeAsync(input)).value;
  } catch (error) {
    return failed(error);
  }
  return await call(fn, how, read, run);
}

const runPlainly: Run = (call) => call();

/** Who is far ahead of those who hear it waits, by blocking. */
function runnerFor(said: Queue<Buffer> | null): Run {
  if (said === null) return runPlainly;
  const send = (message: unknown): void => said.putSync(Buffer.from(encode(message, { where: 'program' }).bytes));
  return (call) => runListened(send, call);
}

function keep(number: number, fn: AnyFunction): AnyFunction {
  const [oldest] = functions.keys();
  if (functions.size >= FUNCTIONS_MAX) functions.delete(oldest!);
  functions.set(number, fn);
  return fn;
}

function call(fn: AnyFunction, how: number, input: unknown, run: Run): Outcome | Promise<Outcome> {
  const isTask = how === CODE.task;
  let value: unknown;
  try {
    value = run(() => (isTask ? fn(...(input as unknown[])) : applyToChunk(fn as never, input as unknown[], how === CODE.chunkOfLists)));
  } catch (error) {
    return failed(error);
  }
  const end = (result: unknown): Outcome => (isTask && isStream(result) ? outcomes(result, run) : succeeded(result));
  return isAwaited(value) ? Promise.resolve(value).then(end, failed) : end(value);
}

/** What a stream yields. Who reads no more ends it. */
async function* outcomes(stream: Stream, run: Run): AsyncGenerator<Buffer> {
  const iterator = iteratorOf(stream);
  let isUnderWay = false;
  try {
    for (;;) {
      const next = await run(() => iterator.next());
      if (next.done === true) return;
      isUnderWay = true;
      yield outcome(SUCCEEDED, next.value);
      isUnderWay = false;
    }
  } catch (error) {
    yield failed(error);
  } finally {
    if (isUnderWay) await iterator.return?.();
  }
}

function succeeded(value: unknown): Buffer {
  try {
    return outcome(SUCCEEDED, value);
  } catch (error) {
    // Without what refers to the value itself, which can't travel.
    return failed(error instanceof SendError ? new SendError(error.code, error.message) : error);
  }
}

/** An error as an outcome, whatever it takes: one that can't travel goes as its text. */
function failed(error: unknown): Buffer {
  return orDescribed(error, (one) => outcome(FAILED, one));
}

export function outcome(kind: number, value: unknown): Buffer {
  const { bytes } = encode(value, { where: 'program' });
  const whole = Buffer.allocUnsafeSlow(OUTCOME_HEADER + bytes.length);
  whole[0] = kind;
  whole.set(bytes, OUTCOME_HEADER);
  return whole;
}

/** The initializer of the workers: what is given as bytes. What the thread has of an earlier manager has other numbers. */
export async function initialize(bytes: Buffer | null): Promise<void> {
  functions.clear();
  if (bytes === null) return;
  const [fn, args] = (await decodeAsync(bytes)).value as readonly [AnyFunction, readonly unknown[]];
  await fn(...args);
}

nameExports(import.meta.url, { work, initialize });
