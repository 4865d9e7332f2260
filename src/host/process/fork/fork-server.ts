import type { ChildProcess } from 'node:child_process';
import { closeSync, readSync } from 'node:fs';
import { Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { awaitChildExit } from '../../../system/child-exit.ts';
import { sendDescriptors, socketPair } from '../../../system/descriptors.ts';
import { whyNoLibrary } from '../../../system/library.ts';
import { POLLIN, pollDescriptors } from '../../../system/poll.ts';
import { Child } from '../child.ts';
import { flagsForChildren, launchNode, refusal } from '../launch.ts';
import { isMainThread } from '../where.ts';
import { endCopy, Forked } from './forked.ts';
import { rehearsed } from './rehearsal.ts';
import { loadAhead } from '../preloads.ts';
import { ANSWER_BYTES, COPY, FLAGS_FLAG, OTHERS_FLAG, PASSED, type Ready, SELF_TEST, WHOLE } from './protocol.ts';

/*
 * The program's side of the fork server: a Node that is started for that alone, and copied for each child. The first child waits until it is
 * there and a copy of it has examined itself. Its copies are children of this process, not its own: they do not mind when it is killed, and the next
 * child gets another server.
 */
const PATIENCE_MS = 20_000;
const MAIN = fileURLToPath(new URL('./server-main.js', import.meta.url));
/** Servers that are gone before they have made a single copy, in a row. */
const FAILURES_MAX = 2;
/** Copies that lack memory, in a row: V8 takes some in the middle of a copy once in some thousand times. */
const SPOILT_MAX = 20;

/** Modules that are loaded first may have used what can't be copied: the seed of random numbers, threads, connections. */
const PRELOAD = /^(--import|--require|-r|--loader|--experimental-loader)(=|$)/;

/** Node loads a module that is the main one by threads of libuv, and one that is required without. */
const program = `{ const warn = process.emitWarning; process.emitWarning = () => {}; require(${JSON.stringify(MAIN)}); process.emitWarning = warn; }`;

function trimmed(): string[] {
  // On Node 24 a copy runs loops of floating point slowly that maglev has entered.
  const special = process.versions.node.startsWith('24.') ? ['--no-maglev-osr'] : [];
  return ['--single-threaded', '--v8-pool-size=1', ...special, '-e', program, '--'];
}

const told = (): string[] => [`${FLAGS_FLAG}${flagsForChildren().length}`, `${OTHERS_FLAG}${wanted.modules.length}`];

/** Modules that the program wants to be loaded once for all its children. */
export const wanted: { modules: readonly string[] } = { modules: [] };

interface Copy {
  readonly pid: number;
  readonly control: number;
}

class Server {
  readonly process: ChildProcess & { readonly pid: number };
  readonly #socket: number;
  #isProven = false;

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

  /** A copy, and our end of its control channel; minus an errno when the system makes none. Throws when the server is gone. */
  copy(kind: number): Copy | number {
    for (let spoilt = 0; spoilt < SPOILT_MAX; spoilt++) {
      const copy = this.#ask(kind);
      if (typeof copy === 'number' || copy.isWhole) return copy;
      closeSync(copy.control);
      endCopy(copy.pid);
    }
    throw new ServerGone();
  }

  #ask(kind: number): (Copy & { readonly isWhole: boolean }) | number {
    const pair = socketPair('stream');
    if (typeof pair === 'number') return -pair;
    const [control, theirs] = pair;
    const sent = sendDescriptors(this.#socket, Buffer.from([kind]), [theirs]);
    closeSync(theirs);
    const answer = sent === 0 ? this.#receive(ANSWER_BYTES) : null;
    const pid = answer?.readInt32LE() ?? 0;
    if (pid > 0) return { pid, control, isWhole: answer!.readInt32LE(4) === WHOLE };
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

  /** Lets it go; it ends by itself then, unless it hangs. */
  end(): void {
    this.process.kill('SIGKILL');
    closeSync(this.#socket);
  }
}

class ServerGone extends Error {}

let server: Server | null = null;
let failures = 0;
let unusable: string | null | undefined;

/** Why there can't be a fork server here, whatever it would say itself. */
function whyNot(): string | null {
  if (!isMainThread) return 'a thread of this program starts them, and they would not end with it';
  const preloads = [...process.execArgv, ...(process.env['NODE_OPTIONS'] ?? '').split(/\s+/)].filter((flag) => PRELOAD.test(flag));
  if (preloads.length > 0) return `Node was started with ${preloads.join(' ')}: what that loads may not stand being copied`;
  return whyNoLibrary();
}

/** A server that has been shown to work; `null` when there can be none: `unusable` says why. */
function provenServer(): Server | null {
  unusable ??= whyNot();
  if (unusable !== null) return null;
  server ??= new Server();
  if (server.isProven) return server;
  const why = server.prove();
  if (why === null) return server;
  server.end();
  server = null;
  unusable = why;
  return null;
}

/** Starts the server, so that the first child waits less. */
export function prepareForkServer(): void {
  if (unusable === undefined && server === null && whyNot() === null) server = new Server();
}

/** A new child, copied; or why there is none. Throws `StateError` when the system refuses to make one. */
export function forkChild(): Child | string {
  for (;;) {
    let copy: Copy | number;
    try {
      const proven = provenServer();
      if (proven === null) return unusable!;
      copy = proven.copy(COPY);
    } catch (error) {
      if (!(error instanceof ServerGone)) throw error;
      server!.end();
      server = null;
      if (++failures >= FAILURES_MAX) unusable = 'its server has ended again and again';
      continue;
    }
    failures = 0;
    if (typeof copy === 'number')
      throw refusal(new Error(`fork failed with errno ${-copy}: too many processes or open files, or no memory`));
    const running = Forked.adopt(copy.pid);
    if (typeof running !== 'number') return new Child(running, new Socket({ fd: copy.control }));
    closeSync(copy.control);
    throw refusal(new Error(`its end could not be watched, errno ${-running}: too many open files`));
  }
}

/** The number of the server, while there is one. */
export const forkServerPid = (): number | null => server?.process.pid ?? null;

/** Ends the server: for tests, and who needs no more children. */
export function endForkServer(): Promise<unknown> {
  const ending = server;
  server = null;
  if (ending === null || ending.process.exitCode !== null || ending.process.signalCode !== null) return Promise.resolve();
  const ended = new Promise((resolve) => ending.process.once('exit', resolve));
  ending.process.ref();
  ending.end();
  return ended;
}
