import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Socket } from 'node:net';
import { StateError } from '../../base/errors.ts';
import { deferred } from '../../base/deferred.ts';
import { processHeapPlace } from '../../word/process-heap.ts';
import { FRAME, frame, type FrameKind, FrameReader } from './frame.ts';

/** How a process ended: with a code, or by a signal. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

const MAIN = fileURLToPath(new URL('./process-main.js', import.meta.url));
const HEAP_FD = 3;
const CONTROL_FD = 4;

/** Flags of this process that a child must not repeat: what to run, and what listens on a port. */
const NOT_FOR_CHILDREN =
  /^--(input-type|experimental-default-type|eval|print|test|inspect|inspect-brk|inspect-port|watch)(=|$)|^-(e|p|pe)$/;
/** Those of them whose value is an argument of its own. */
const WITH_VALUE = /^(--eval|--print|-e|-p|-pe)$/;

function flagsForChildren(): string[] {
  return process.execArgv.filter((flag, i, flags) => !NOT_FOR_CHILDREN.test(flag) && !(i > 0 && WITH_VALUE.test(flags[i - 1]!)));
}

function refusal(cause: unknown): StateError {
  const why = cause instanceof Error ? cause.message : 'too many processes or open files, or no memory';
  return new StateError('ERR_PROCESS_START', `cannot start a process: ${why}`, { cause });
}

/** A child process of ours, from the parent's side: a spare until it is told what to run. */
export class Child {
  readonly pid: number;
  /** Resolves when it has ended and has been reaped. Never rejects. */
  readonly ended: Promise<Exit>;
  /** Resolves when it has ended and everything that it sent has been received. Never rejects. */
  readonly silent: Promise<void>;
  exit: Exit | undefined;
  /** Called with each frame that it sends, in order. */
  onFrame: (kind: FrameKind, body: Buffer) => void = () => {};
  readonly #process: ChildProcess;
  readonly #control: Socket;

  private constructor(process: ChildProcess, pid: number) {
    this.pid = pid;
    this.#process = process;
    this.#control = process.stdio[CONTROL_FD] as Socket;
    const reader = new FrameReader((kind, body) => this.onFrame(kind, body));
    this.#control.on('data', (chunk: Buffer) => reader.push(chunk));
    // A child that dies in the middle of a conversation is reported by its exit, not by the socket.
    this.#control.on('error', () => {});
    const silent = deferred<void>();
    this.#control.on('close', () => void this.ended.then(() => silent.resolve()));
    this.silent = silent.promise;
    const ended = deferred<Exit>();
    this.ended = ended.promise;
    process.once('exit', (code, signal) => {
      this.exit = { code, signal };
      ended.resolve(this.exit);
    });
  }

  /** Starts a process that waits for its first message; it may be sent at once. Throws `StateError` when the system refuses. */
  static launch(): Child {
    const place = processHeapPlace();
    const heap = place === undefined ? [] : [`--manycore-heap=${place.bytes}`];
    let spawned: ChildProcess;
    try {
      spawned = spawn(process.execPath, [...flagsForChildren(), MAIN, ...heap], {
        stdio: ['ignore', 'inherit', 'inherit', place?.fd ?? 'ignore', 'pipe'],
        windowsHide: true,
      });
    } catch (cause) {
      throw refusal(cause);
    }
    if (spawned.pid !== undefined) return new Child(spawned, spawned.pid);
    // The reason comes as an event, too late for the caller, and must not come as an uncaught error.
    spawned.on('error', () => {});
    throw refusal(undefined);
  }

  send(kind: FrameKind, body?: Uint8Array): void {
    this.#control.write(frame(kind, body));
  }

  /** Sends who it is, and what it shall run. */
  start(setup: Uint8Array, message: Uint8Array): void {
    this.send(FRAME.setup, setup);
    this.send(FRAME.start, message);
  }

  /** False when it has already been reaped: its number may be somebody else's by now. */
  kill(signal: NodeJS.Signals | number): boolean {
    return this.exit === undefined && this.#process.kill(signal);
  }

  /** Keeps this process's event loop alive until the child has ended. */
  ref(): void {
    this.#process.ref();
    this.#control.ref();
  }

  unref(): void {
    this.#process.unref();
    this.#control.unref();
  }

  /** Lets the control channel go. A spare ends when it is closed. */
  close(): void {
    this.#control.destroy();
  }
}

export const CHILD_FDS = { heap: HEAP_FD, control: CONTROL_FD } as const;
