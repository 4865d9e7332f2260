import { SendError } from './send-error.ts';

/*
 * Where the codec and the packing of functions, classes and instances meet.
 *
 * The codec knows plain data, errors, shared things and parcels. When it meets anything else, anywhere in a value, it
 * gives the whole value to `pack`, so that what is shared and what is circular is seen in one place, and writes
 * the recipe that it gets: itself plain data, whose leaves may be whatever the codec knows.
 */
export interface Packer {
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
}

export const packer: { current: Packer } = {
  current: {
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
