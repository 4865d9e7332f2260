import { inspect } from 'node:util';
import { isAwaited } from '../../../futures/fabric/awaited.ts';
import { applyToChunk } from '../../../futures/fabric/chunk.ts';
import { describeThrown } from '../../../futures/process-pool/remote-error.ts';
import { nameExports } from '../../../message/closures/index.ts';
import { decode, decodeAsync, encode, MustAwait, SendError } from '../../../message/index.ts';
import { CODE, FAILED, SUCCEEDED } from '../../channel/codes.ts';

/*
 * What the threads and processes behind a node manager do. Functions, inputs and outcomes pass the manager as they came: as bytes, read here.
 *
 * An outcome begins with eight bytes, of which the first says how the task ended; then comes the message.
 */
type AnyFunction = (...args: unknown[]) => unknown;

export const OUTCOME_HEADER = 8;
/** The first byte of an outcome: the function has to be sent along. */
export const UNKNOWN_FUNCTION = 255;
/** So many functions are kept. */
const FUNCTIONS_MAX = 512;

const functions = new Map<number, AnyFunction>();

/** Does one task: function, by number, and as bytes unless this thread has it; how it is called; its input. */
export function work(number: number, bytes: Buffer | null, how: number, input: Buffer): Buffer | Promise<Buffer> {
  let fn = functions.get(number);
  if (fn === undefined && bytes === null) return Buffer.from([UNKNOWN_FUNCTION]);
  let read: unknown;
  try {
    fn ??= keep(number, decode(bytes!) as AnyFunction);
    read = decode(input);
  } catch (error) {
    if (error instanceof MustAwait) return workLater(number, bytes, how, input);
    return failed(error);
  }
  return call(fn, how, read);
}

async function workLater(number: number, bytes: Buffer | null, how: number, input: Buffer): Promise<Buffer> {
  let fn = functions.get(number);
  let read: unknown;
  try {
    fn ??= keep(number, (await decodeAsync(bytes!)).value as AnyFunction);
    read = (await decodeAsync(input)).value;
  } catch (error) {
    return failed(error);
  }
  return await call(fn, how, read);
}

function keep(number: number, fn: AnyFunction): AnyFunction {
  const [oldest] = functions.keys();
  if (functions.size >= FUNCTIONS_MAX) functions.delete(oldest!);
  functions.set(number, fn);
  return fn;
}

function call(fn: AnyFunction, how: number, input: unknown): Buffer | Promise<Buffer> {
  let value: unknown;
  try {
    value = how === CODE.task ? fn(...(input as unknown[])) : applyToChunk(fn as never, input as unknown[], how === CODE.chunkOfLists);
  } catch (error) {
    return failed(error);
  }
  return isAwaited(value) ? Promise.resolve(value).then(succeeded, failed) : succeeded(value);
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
  for (const value of [() => error, () => describeThrown(error)]) {
    try {
      return outcome(FAILED, value());
    } catch {
      // The next attempt is more modest.
    }
  }
  return outcome(FAILED, new Error(inspect(error)));
}

export function outcome(kind: number, value: unknown): Buffer {
  const { bytes } = encode(value, { where: 'program' });
  const whole = Buffer.allocUnsafeSlow(OUTCOME_HEADER + bytes.length);
  whole[0] = kind;
  whole.set(bytes, OUTCOME_HEADER);
  return whole;
}

/** The initializer of the workers: what is given as bytes. */
export async function initialize(bytes: Buffer): Promise<void> {
  const [fn, args] = (await decodeAsync(bytes)).value as readonly [AnyFunction, readonly unknown[]];
  await fn(...args);
}

nameExports(import.meta.url, { work, initialize });
