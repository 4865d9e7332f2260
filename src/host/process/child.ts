import type { Socket } from 'node:net';
import { deferred } from '../../base/deferred.ts';
import { beginning } from '../beginning.ts';
import { FRAME, frame, type FrameKind, FrameReader } from './frame.ts';
import { CHILD_FDS } from './handed-down.ts';
import { launchNode } from './launch.ts';
import { loadAhead } from './preloads.ts';

/** How a process ended: with a code, or by a signal. */
export interface Exit {
  readonly code: number | null;
  /** By name; by number when it has none. */
  readonly signal: NodeJS.Signals | number | null;
}

/** A process of the system, whoever has started it. */
export interface Running {
  readonly pid: number;
  /** Called once, when it has ended and has been reaped. */
  onExit: (exit: Exit) => void;
  kill(signal: NodeJS.Signals | number): boolean;
  /** Keeps this process's event loop alive until then. */
  ref(): void;
  unref(): void;
}

const MAIN = new URL('./process-main.js', import.meta.url);

/** Whether a child could begin is asked before anything is packed for it, which would fail in other words. `StateError`: see `beginning`. */
export const checkBeginning = (): unknown => beginning(MAIN);

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
  readonly #running: Running;
  readonly #control: Socket;
  #isRef = true;
  #holds = 0;

  constructor(running: Running, control: Socket) {
    this.pid = running.pid;
    this.#running = running;
    this.#control = control;
    const reader = new FrameReader((kind, body) => this.onFrame(kind, body));
    control.on('data', (chunk: Buffer) => reader.push(chunk));
    // A child that dies in the middle of a conversation is reported by its exit, not by the socket.
    control.on('error', () => {});
    const silent = deferred<void>();
    control.on('close', () => void this.ended.then(() => silent.resolve()));
    this.silent = silent.promise;
    const ended = deferred<Exit>();
    this.ended = ended.promise;
    running.onExit = (exit) => {
      this.exit = exit;
      ended.resolve(exit);
    };
  }

  /**
   * Starts a new Node that waits for its first message; it may be sent at once. One that is going to wait for long, a spare, loads meanwhile
   * what it will need. Throws `StateError` when the system refuses.
   */
  static launch({ isSpare = false }: { readonly isSpare?: boolean } = {}): Child {
    const main = beginning(MAIN);
    const node = launchNode(isSpare ? [main, loadAhead()] : [main], 'pipe');
    const running: Running = {
      pid: node.pid,
      onExit: () => {},
      kill: (signal) => node.kill(signal),
      ref: () => node.ref(),
      unref: () => node.unref(),
    };
    node.once('exit', (code, signal) => running.onExit({ code, signal }));
    return new Child(running, node.stdio[CHILD_FDS.control] as Socket);
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
    return this.exit === undefined && this.#running.kill(signal);
  }

  /** Keeps this process's event loop alive until the child has ended. */
  ref(): void {
    this.#isRef = true;
    this.#keep();
  }

  unref(): void {
    this.#isRef = false;
    this.#keep();
  }

  /** Keeps the event loop alive for one who waits for the end, whether the child does or not. Gives what ends that. */
  hold(): () => void {
    this.#holds++;
    this.#keep();
    return () => {
      this.#holds--;
      this.#keep();
    };
  }

  #keep(): void {
    for (const one of [this.#running, this.#control]) {
      if (this.#isRef || this.#holds > 0) one.ref();
      else one.unref();
    }
  }

  /** Ends it, which has not been told anything, and lets this process end before. */
  dismiss(): void {
    this.unref();
    this.close();
  }

  /** Lets the control channel go. A spare ends when it is closed. */
  close(): void {
    this.#control.destroy();
  }
}
