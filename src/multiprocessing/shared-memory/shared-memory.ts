import { randomBytes } from 'node:crypto';
import { inspect } from 'node:util';
import { OutOfRangeError, StateError } from '../../base/errors.ts';
import { positiveInteger } from '../../base/positive-integer.ts';
import { reduce } from '../../message/closures/index.ts';
import { closeSharedFile, isUnlinked, openSharedFile, type SharedFile, unlinkSharedFile } from '../../system/shared-file.ts';
import { track, untrack } from '../tracker.ts';

/** How a `SharedMemory` is made, or opened. */
export interface SharedMemoryOptions {
  /** Left out: a new name. Python's SharedMemory knows it by the same name. */
  readonly name?: string | null | undefined;
  /** Makes it, with `size` bytes; otherwise it is there already. */
  readonly create?: boolean | undefined;
  /** How many bytes a new one shall have, at least 1. Without `create` it is not looked at. */
  readonly size?: number | undefined;
  /** Whether it is removed when this process ends, however it ends. Left out: when this process made it. */
  readonly track?: boolean | undefined;
}

const NAME_MAX = 250;

/**
 * Memory with a name, that any program of this machine can open: Python's `multiprocessing.shared_memory.SharedMemory`.
 *
 * It travels to threads, and to processes on the same machine, as its name. Everybody closes it; one, usually who made it, unlinks it.
 */
export class SharedMemory implements Disposable {
  /** The name by which others open it, without a slash. */
  readonly name: string;
  /** How many bytes it has, for whoever opens it. */
  readonly size: number;
  #file: SharedFile | null;
  #buf: Uint8Array | null;

  /**
   * Throws `StateError`: `ERR_SHARED_MEMORY_EXISTS` when a new one's name is taken, `ERR_NO_SHARED_MEMORY` when there is none of this name,
   * `ERR_SHARED_MEMORY_FULL` when /dev/shm has no room. The memory is taken at once, and all zero.
   */
  constructor({ name, create = false, size = 0, track: isTracked = create }: SharedMemoryOptions = {}) {
    if (create) positiveInteger(size, 'size');
    else if (name === undefined || name === null)
      throw new TypeError('the name of the shared memory is missing: only who creates it may leave it out');
    this.name = name === undefined || name === null ? `psm_${randomBytes(8).toString('hex')}` : checked(name);
    const file = openSharedFile(this.name, create ? { size } : null);
    if ('code' in file) throw refusal(this.name, file.code, size);
    this.#file = file;
    this.size = file.bytes;
    this.#buf = new Uint8Array(file.buffer);
    if (isTracked) track(this.name, file.inode);
  }

  /** How it arrives elsewhere: opened by its name. */
  [reduce](): readonly [typeof attachSharedMemory, readonly [string]] {
    this.#opened('send');
    return [attachSharedMemory, [this.name]];
  }

  /** All of it. Views on `buf.buffer` are views of the memory; none may be used after `close`. */
  get buf(): Uint8Array {
    this.#opened('use');
    return this.#buf!;
  }

  /** Whether its name is gone, for it was unlinked, or its maker has died: nobody else can open it any more. */
  get isUnlinked(): boolean {
    return isUnlinked(this.#opened('look at'));
  }

  /** Whether this thread has closed it. Others may have it open. */
  get closed(): boolean {
    return this.#file === null;
  }

  #opened(act: string): SharedFile {
    if (this.#file === null)
      throw new StateError('ERR_SHARED_MEMORY_CLOSED', `cannot ${act} the shared memory ${this.name}: this thread has closed it`);
    return this.#file;
  }

  /** Lets go of the memory here; it lives on for others. Views of it become empty. May be called again. */
  close(): void {
    if (this.#file === null) return;
    const file = this.#file;
    this.#file = null;
    this.#buf = null;
    closeSharedFile(file);
  }

  /** Takes its name away; the memory goes when all have closed it. `StateError` when the name is gone already. */
  unlink(): void {
    try {
      unlinkSharedFile(this.name);
    } catch (cause) {
      throw new StateError('ERR_NO_SHARED_MEMORY', `cannot unlink the shared memory ${this.name}: there is none of this name any more`, {
        cause,
      });
    } finally {
      untrack(this.name);
    }
  }

  /** Closes it. Who made it still has to unlink it, or leaves that to the end of the process. */
  [Symbol.dispose](): void {
    this.close();
  }

  [inspect.custom](): string {
    return `SharedMemory('${this.name}', ${this.size} bytes${this.closed ? ', closed' : ''})`;
  }
}

/** The memory of this name, as it comes in a message. */
export function attachSharedMemory(name: string): SharedMemory {
  return new SharedMemory({ name });
}

function checked(name: string): string {
  const plain = name.startsWith('/') ? name.slice(1) : name;
  if (plain === '' || plain === '.' || plain === '..' || /[/\0\n]/.test(plain) || Buffer.byteLength(plain) > NAME_MAX)
    throw new OutOfRangeError(
      'ERR_NAME',
      `a name of shared memory has 1 to ${NAME_MAX} bytes, without slashes: got ${JSON.stringify(name)}`,
    );
  return plain;
}

function refusal(name: string, code: string, size: number): StateError {
  if (code === 'EEXIST')
    return new StateError('ERR_SHARED_MEMORY_EXISTS', `cannot create the shared memory ${name}: there is one of this name`);
  if (code === 'ENOENT') return new StateError('ERR_NO_SHARED_MEMORY', `cannot open the shared memory ${name}: there is none of this name`);
  if (code === 'EMPTY') return new StateError('ERR_NO_SHARED_MEMORY', `cannot open the shared memory ${name}: it has no bytes yet`);
  if (code === 'ENOSPC')
    return new StateError(
      'ERR_SHARED_MEMORY_FULL',
      `cannot create shared memory of ${size} bytes: /dev/shm has no room for it. Unlink what is not needed, or make /dev/shm larger`,
    );
  return new StateError('ERR_SHARED_MEMORY', `cannot open the shared memory ${name}: ${code}`);
}
