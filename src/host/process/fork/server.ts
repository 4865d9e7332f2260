import type { ChildProcess } from 'node:child_process';
import { closeSync, readSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { awaitChildExit } from '../../../system/child-exit.ts';
import { sendDescriptors, socketPair } from '../../../system/descriptors.ts';
import { POLLIN, pollDescriptors } from '../../../system/poll.ts';
import { FRAME, frame } from '../frame.ts';
import { flagsForChildren, launchNode, refusal } from '../launch.ts';
import { loadAhead } from '../preloads.ts';
import { endCopy, Forked } from './forked.ts';
import { ANSWER_BYTES, COPY, FLAGS_FLAG, LEARNS_AT_ONCE, OTHERS_FLAG, PASSED, type Ready, SELF_TEST, WHOLE } from './protocol.ts';
import { rehearsed } from './rehearsal.ts';

/*
 * The program's side of one fork server. A copy may be asked for ahead: the server makes it while this process goes on, and the next one to want a
 * copy hears the answer.
 */
const PATIENCE_MS = 20_000;
const ORPHAN_PATIENCE_MS = 2000;
const MAIN = fileURLToPath(new URL('./server-main.js', import.meta.url));
/** Copies that lack memory, in a row: V8 takes some in the middle of a copy once in some thousand times. */
const SPOILT_MAX = 20;

/** Node loads a module that is the main one by threads of libuv, and one that is required without. */
const program = `{ const warn = process.emitWarning; process.emitWarning = () => {}; require(${JSON.stringify(MAIN)}); process.emitWarning = warn; }`;

function trimmed(): string[] {
  // On Node 24 a copy runs loops of floating point slowly that maglev has entered.
  const special = process.versions.node.startsWith('24.') ? ['--no-maglev-osr'] : [];
  return ['--single-threaded', '--v8-pool-size=1', LEARNS_AT_ONCE, ...special, '-e', program, '--'];
}

const told = (): string[] => [`${FLAGS_FLAG}${flagsForChildren().length}`, `${OTHERS_FLAG}${wanted.modules.length}`];

/** Modules that the program wants to be loaded once for all its children. */
export const wanted: { modules: readonly string[] } = { modules: [] };

/** A copy that is to be told what to run, and our end of its control channel. */
export interface Copy {
  readonly pid: number;
  readonly control: number;
}

/** A fork server, until it is ended, or is gone. */
export class Server {
  readonly process: ChildProcess & { readonly pid: number };
  readonly #socket: number;
  #isProven = false;
  /** Our end of the control channel of the copy that was asked for, and of which nothing was heard yet. */
  #asked: number | null = null;

  constructor() {
    const pair = socketPair('packets');
    if (typeof pair === 'number') throw refusal(new Error(`no connection to a fork server, errno ${pair}`));
    const [ours, theirs] = pair;
    try {
      this.process = launchNode([...trimmed(), ...told(), loadAhead(wanted.modules)], theirs);
    } catch (error) {
      closeSync(ours);
      throw error;
    } finally {
      closeSync(theirs);
    }
    this.process.unref();
    // One that has ended already is missed later.
    sendDescriptors(ours, rehearsed(), []);
    this.#socket = ours;
  }

  get isProven(): boolean {
    return this.#isProven;
  }

  /** Why it can't be used; `null` when it has been shown to work. Blocks until that is known. */
  prove(): string | null {
    const ready = this.#receive(4096);
    if (ready === null) return `it did not begin within ${PATIENCE_MS / 1000} s, or has ended`;
    const { why } = JSON.parse(ready.toString()) as Ready;
    if (why !== null) return why;
    const found = this.#examine();
    this.#isProven = found === PASSED;
    return this.#isProven ? null : `a copy does not work on Node ${process.versions.node}: ${found}`;
  }

  #examine(): string {
    const copy = this.copy(SELF_TEST);
    if (typeof copy === 'number') return `none could be made, errno ${-copy}`;
    const { pid, control } = copy;
    try {
      const answer = Buffer.alloc(4096);
      const [events] = pollDescriptors([{ fd: control, events: POLLIN }], PATIENCE_MS);
      const length = events === 0 ? 0 : readSync(control, answer, 0, answer.length, null);
      const text = length > 0 ? answer.toString('utf8', 0, length) : 'it stood still, or died';
      if (text !== PASSED) return text;
      const exit = awaitChildExit(pid, PATIENCE_MS);
      return exit?.code === 0 ? PASSED : 'it could not end';
    } finally {
      closeSync(control);
      const forked = Forked.adopt(pid);
      if (typeof forked !== 'number') {
        forked.kill('SIGKILL');
        forked.unref();
      }
    }
  }

  /**
   * A copy, and our end of its control channel; minus an errno when the system makes none. That which was asked for ahead, if one was. Throws `ServerGone`.
   * Blocks until it is there.
   */
  copy(kind: number = COPY): Copy | number {
    for (let spoilt = 0; spoilt < SPOILT_MAX; spoilt++) {
      const failure = this.#asked === null ? this.#ask(kind) : 0;
      if (failure !== 0) return -failure;
      const copy = this.#answer();
      if (typeof copy === 'number' || copy.isWhole) return copy;
      closeSync(copy.control);
      endCopy(copy.pid);
    }
    throw new ServerGone();
  }

  /** Has the next copy made, if none has been asked for. Does not wait. */
  askAhead(): void {
    if (this.#asked === null) this.#ask(COPY);
  }

  /** Whether a copy was asked for, and whether `copy` would have to wait for it. */
  get ahead(): 'nothing' | 'asked' | 'answered' {
    if (this.#asked === null) return 'nothing';
    return pollDescriptors([{ fd: this.#socket, events: POLLIN }], 0)[0] === 0 ? 'asked' : 'answered';
  }

  /** Asks for a copy: 0, or an errno. */
  #ask(kind: number): number {
    const pair = socketPair('stream');
    if (typeof pair === 'number') return pair;
    const [control, theirs] = pair;
    // A server that is gone is told from one that lives by its answer.
    sendDescriptors(this.#socket, Buffer.from([kind]), [theirs]);
    closeSync(theirs);
    this.#asked = control;
    return 0;
  }

  /** The answer to what was asked last. */
  #answer(): (Copy & { readonly isWhole: boolean }) | number {
    const control = this.#asked!;
    this.#asked = null;
    const answer = this.#receive(ANSWER_BYTES);
    const pid = answer?.readInt32LE() ?? 0;
    if (pid > 0) return { pid, control, isWhole: answer!.readInt32LE(4) === WHOLE };
    if (answer === null) endOrphan(control);
    closeSync(control);
    if (answer === null) throw new ServerGone();
    return pid;
  }

  #receive(bytes: number): Buffer | null {
    const into = Buffer.alloc(bytes);
    const [events] = pollDescriptors([{ fd: this.#socket, events: POLLIN }], PATIENCE_MS);
    if (events === 0) return null;
    try {
      const length = readSync(this.#socket, into, 0, bytes, null);
      return length === 0 ? null : into.subarray(0, length);
    } catch {
      return null;
    }
  }

  /** Ends it, and the copy that it makes just now. */
  end(): void {
    this.process.kill('SIGKILL');
    if (this.#asked !== null) {
      try {
        const copy = this.#answer();
        if (typeof copy !== 'number') {
          closeSync(copy.control);
          endCopy(copy.pid);
        }
      } catch (error) {
        if (!(error instanceof ServerGone)) throw error;
      }
    }
    closeSync(this.#socket);
  }
}

/** The server has ended, or answers no more. */
export class ServerGone extends Error {}

const READY_BYTES = frame(FRAME.ready, Buffer.alloc(4)).length;

/** The server was gone before it told of a copy. If it has made one, that tells of itself, for it is our child, and nobody else would reap it. */
function endOrphan(control: number): void {
  pollDescriptors([{ fd: control, events: POLLIN }], ORPHAN_PATIENCE_MS);
  const ready = Buffer.alloc(READY_BYTES);
  try {
    if (readSync(control, ready, 0, READY_BYTES, null) === READY_BYTES) endCopy(ready.readInt32LE(4));
  } catch {
    // It has ended before it said who it is.
  }
}
