import { decode, decodeAsync, MustAwait } from '../../message/index.ts';
import { encodeForProgram } from '../letter.ts';

/*
 * What goes between a manager's server and those who use it: a number, a kind, and a message. Calls are answered in any order, by
 * their number.
 *
 *   to the server
 *     CALL     [object, method, args, hasSignal]: call a method of an object; object 0 is the server itself
 *     CANCEL   the call of this number may stop waiting. It is answered all the same
 *     BYE      who calls ends in good order: what it has locked stays locked
 *   from the server
 *     VALUE    the result of a call
 *     FAILED   its error
 */
export const KIND = { call: 1, cancel: 2, bye: 3, value: 4, failed: 5 } as const;

export type Kind = (typeof KIND)[keyof typeof KIND];
export type Call = readonly [object: number, method: string, args: readonly unknown[], hasSignal: boolean];

const HEADER = 8;

export function pack(id: number, kind: Kind, value?: unknown): Buffer {
  const message = kind === KIND.cancel || kind === KIND.bye ? new Uint8Array(0) : encodeForProgram(value);
  const body = Buffer.allocUnsafeSlow(HEADER + message.length);
  body.writeUInt32LE(id, 0);
  body.writeUInt32LE(kind, 4);
  body.set(message, HEADER);
  return body;
}

export const idOf = (body: Buffer): number => body.readUInt32LE(0);
export const kindOf = (body: Buffer): Kind => body.readUInt32LE(4) as Kind;
/** The value in a message: at once, or as a promise when a module that it names has to be awaited. */
export function open(body: Buffer): { readonly value: unknown } | Promise<{ readonly value: unknown }> {
  const message = body.subarray(HEADER);
  try {
    return { value: decode(message) };
  } catch (error) {
    if (error instanceof MustAwait) return decodeAsync(message);
    throw error;
  }
}
export const isWhole = (body: Buffer): boolean => body.length >= HEADER;
