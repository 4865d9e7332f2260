import type { ScopesRead } from './closures/captured-variables.ts';
import { SendError } from './send-error.ts';

/*
 * Where the codec and the packing of functions, classes and instances meet.
 *
 * The codec knows plain data, errors, shared things and parcels. When it meets anything else, anywhere in a value, it
 * gives the whole value to `pack`, so that what is shared and what is circular is seen in one place, and writes
 * the recipe that it gets: itself plain data, whose leaves may be whatever the codec knows.
 */
export interface Packer {
  /** Whether the codec may write a value by itself that has functions in it. */
  isPlain(value: unknown): boolean;
  /** What the codec writes of a function by itself; `null` when only `pack` can describe it. `scopes` keeps what has been read for the message. */
  functionParts(fn: object, scopes: ScopesRead): FunctionParts | null;
  /** Makes such a function again: `get` reads what follows its number, `met` is told of it before that. */
  readFunction(number: number, get: () => unknown, met: (fn: object) => void): unknown;
  /** Describes a value as plain data. Throws `SendError` for what can't travel. */
  pack(value: unknown, options: PackOptions): unknown;
  /** Makes the value again. Throws when a module has to be awaited first. */
  unpack(recipe: unknown): unknown;
  /** The same for modules with top-level await. */
  unpackAsync(recipe: unknown): Promise<unknown>;
}

/** Where a value goes: a thread of this process, a process that shares memory with this one, or a program that does not, anywhere. */
export type Destination = 'thread' | 'process' | 'program';

export interface PackOptions {
  readonly where: Destination;
  /** What has been read for the message already. */
  readonly scopes?: ScopesRead;
}

/** A function as the codec writes it. */
export interface FunctionParts {
  /** By which each thread finds out what it is made of. */
  readonly number: number;
  /** Who it is; `null` when it is found by its name, and nothing follows. */
  readonly id: string | null;
  /** What it captures. */
  readonly values: readonly unknown[];
}

export const packer: { current: Packer } = {
  current: {
    isPlain: () => false,
    functionParts: () => null,
    readFunction() {
      throw new Error('a function arrived, but nothing makes it again');
    },
    pack(value) {
      const what = typeof value === 'function' ? `the function ${value.name || '(anonymous)'}` : Object.prototype.toString.call(value);
      throw new SendError('E_UNKNOWN', `${what} can't be sent: it holds something that is not plain data`);
    },
    unpack() {
      throw new Error('a packed value arrived, but nothing unpacks it');
    },
    unpackAsync() {
      return Promise.reject(new Error('a packed value arrived, but nothing unpacks it'));
    },
  },
};
