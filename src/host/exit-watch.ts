import type { Socket } from 'node:net';
import { closeSync } from 'node:fs';
import { makePipe } from '../system/pipes.ts';

/*
 * Tells when a descriptor becomes readable, in this thread's event loop: a pidfd, when its process ends. Node has no
 * way to poll a descriptor; its class of pipes polls whatever it is told to open. What it then reads from a pidfd is an error, and
 * that is the notice. It works in every thread, where SIGCHLD comes to the main thread only.
 */
export interface PipeHandle {
  open(fd: number): number | undefined;
  readStart(): number;
  readStop(): number;
  close(): void;
  ref(): void;
  unref(): void;
  /** How much was read in all. */
  readonly bytesRead: number;
  /** Gets the memory that was read into, which may be larger than what was read; nothing at the end, and after an error. */
  onread: (bytes?: ArrayBuffer) => void;
}

let Pipe: (new (type: number) => PipeHandle) | undefined;

/** Most threads and programs watch nothing: they need not load Node's sockets. */
const sockets = (): typeof Socket => (process.getBuiltinModule('node:net') as typeof import('node:net')).Socket;

/** Finds Node's class of pipes, at the first call. 0, or an errno. */
export function prepareWatching(): number {
  if (Pipe !== undefined) return 0;
  const ends = makePipe();
  if (typeof ends === 'number') return ends;
  const socket = new (sockets())({ fd: ends[0], readable: false, writable: false });
  Pipe = (socket as unknown as { _handle: { constructor: new (type: number) => PipeHandle } })._handle.constructor;
  socket.destroy();
  closeSync(ends[1]);
  return 0;
}

export interface Watch {
  ref(): void;
  unref(): void;
  /** Stops, and closes the descriptor. */
  close(): void;
}

/**
 * Calls `ready` once, when the descriptor can be read. It belongs to the watch from now on. Does not keep the loop alive. `prepareWatching`
 * comes first.
 */
export function watchDescriptor(fd: number, ready: () => void): Watch {
  const handle = new Pipe!(0);
  handle.open(fd);
  handle.unref();
  handle.onread = () => ready();
  handle.readStart();
  return handle;
}

/** Keeps a descriptor open until it is closed, or this thread has ended. Does not keep the loop alive. */
export function holdDescriptor(fd: number): Pick<Watch, 'close'> {
  const handle = new Pipe!(0);
  handle.open(fd);
  handle.unref();
  return handle;
}

/** A socket on a descriptor of any kind that can be polled; it belongs to the socket from now on. */
export function socketOn(fd: number): Socket {
  const handle = new Pipe!(0);
  handle.open(fd);
  return new (sockets())({ handle, readable: true, writable: true } as unknown as ConstructorParameters<typeof Socket>[0]);
}

/** Reads a descriptor, which belongs to the handle from now on, without the weight of a stream; does so from `readStart` on. */
export function pipeOn(fd: number, onread: PipeHandle['onread']): PipeHandle {
  const handle = new Pipe!(0);
  handle.open(fd);
  handle.onread = onread;
  return handle;
}
