import { checkInput, checkKinds, checkWaitOptions } from './check.ts';
import { observer } from '../base/observer.ts';
import type { Readable } from 'node:stream';
import { inspect } from 'node:util';
import { isMainThread } from 'node:worker_threads';
import { deadlineAfter, remaining, type Wait } from '../base/deadline.ts';
import { OutOfRangeError, StateError } from '../base/errors.ts';
import { deferred, type Deferred } from '../base/deferred.ts';
import { within } from '../base/within.ts';
import { type Signal, type SignalName, signalName, signalNumber } from '../signal/names.ts';
import { hasLibrary, whyNoLibrary } from '../system/library.ts';
import { credentialsOf } from './accounts.ts';
import { type Communicated, Communication } from './communicate.ts';
import { communicateSync, syncOutput, type SyncOptions } from './communicate-sync.ts';
import { bytesOf, type Command, type Environment, invocationOf, environmentOf } from './command.ts';
import { PIPE } from './constants.ts';
import type { TerminalSize } from '../system/terminal.ts';
import { TimeoutExpired } from './errors.ts';
import { startNatively } from './native-child.ts';
import { startByNode } from './node-child.ts';
import type { Input, KillOptions, PopenOptions } from './options.ts';
import type { Child, StartPlan } from './plan.ts';
import { drainTo, feed, type Tee } from './pump.ts';
import { ReadPipe } from './read-pipe.ts';
import { redirect } from './redirect.ts';
import { repr } from './repr.ts';
import { type Coding, codingOf, type TextOptions } from './text.ts';
import { COOKIE, endTree, killTree, newCookie, withCookie } from './tree.ts';
import { WritePipe } from './write-pipe.ts';

/** What the output of a command is with these options. */
export type OutputOf<O> = O extends { readonly text: true } | { readonly encoding: string } | { readonly errors: string } ? string : Buffer;

/** There when the option is `PIPE`; perhaps not, when it may be something else. */
export type PipedOf<O, Name extends 'stdin' | 'stdout' | 'stderr', T> = O extends
  | { readonly [K in Name]: typeof PIPE }
  | { readonly pty: true | object }
  ? T
  : O extends { readonly [K in Name]: readonly (infer E)[] }
    ? typeof PIPE extends E
      ? T
      : null
    : T | null;

/** What `communicate` gives with these options. */
export interface CommunicatedOf<O> {
  /** What it wrote to stdout; `null` where that was no pipe. */
  readonly stdout: PipedOf<O, 'stdout', OutputOf<O>>;
  /** What it wrote to stderr; `null` where that was no pipe. */
  readonly stderr: PipedOf<O, 'stderr', OutputOf<O>>;
}

const KNOWN: ReadonlySet<string> = new Set<keyof PopenOptions>([
  'stdin',
  'stdout',
  'stderr',
  'shell',
  'executable',
  'cwd',
  'env',
  'closeFds',
  'passFds',
  'restoreSignals',
  'startNewSession',
  'processGroup',
  'user',
  'group',
  'extraGroups',
  'umask',
  'pipesize',
  'pty',
  'text',
  'encoding',
  'errors',
]);

/** @internal What `run` asks for beside. */
export const TREE: unique symbol = Symbol('tree');

/**
 * A command that runs beside this program: Python's `subprocess.Popen`.
 *
 * It has started when the constructor returns; `ProcessStartError` when it could not be. A program ends without waiting for its
 * commands, unless somebody awaits them. `await using` waits at the end of the block.
 */
export class Popen<const O extends PopenOptions = PopenOptions> implements AsyncDisposable {
  /** What was run. */
  readonly args: Command;
  /** The number of the process. After its end the system may give it to another one: `kill` and `sendSignal` take care of that. */
  readonly pid: number;
  /** The child's input, when `stdin` is `PIPE`. */
  readonly stdin: PipedOf<O, 'stdin', WritePipe>;
  /** The child's output, when `stdout` is `PIPE`, or the terminal with `pty`. */
  readonly stdout: PipedOf<O, 'stdout', ReadPipe<OutputOf<O>>>;
  /** The child's errors, when `stderr` is `PIPE`. */
  readonly stderr: PipedOf<O, 'stderr', ReadPipe<OutputOf<O>>>;
  readonly #child: Child;
  readonly #coding: Coding | null;
  readonly #cookie: string | null;
  /** @internal What this process carries from and to it. */
  readonly carried: readonly Promise<void>[];
  readonly #sources: ReadPipe[] = [];
  #exited: Deferred<number> | null = null;
  #communication: Communication | null = null;
  #waiting = 0;

  constructor(args: Command, options: O = {} as O) {
    checkKinds(options, 'a Popen');
    for (const name of Object.keys(options)) if (!KNOWN.has(name)) throw new TypeError(`there is no option ${JSON.stringify(name)}`);
    this.args = args;
    this.#coding = codingOf(options as TextOptions);
    this.#cookie = TREE in options ? newCookie() : null;
    const { stdio, feed: pieces, tees, release } = redirect('pty' in options && options.pty ? {} : options);
    let hasStarted = false;
    try {
      const plan = planOf(args, options, stdio, this.#cookie);
      this.#child = hasLibrary() ? startNatively(plan) : startByNode(plan);
      hasStarted = true;
    } finally {
      release(hasStarted);
    }
    const { pid, stdin, stdout, stderr } = this.#child;
    this.pid = pid;
    const toChild = stdin === null ? null : new WritePipe(stdin, `stdin of ${repr(args)}`, this.#coding);
    const output = (source: number | Readable | null, name: 'stdout' | 'stderr', tee: Tee | null): ReadPipe<OutputOf<O>> | null => {
      if (source === null) return null;
      const pipe = (from: number | Readable): ReadPipe<OutputOf<O>> => new ReadPipe(from, `${name} of ${repr(args)}`, this.#coding);
      if (tee === null) return pipe(source);
      const from = pipe(source);
      this.#sources.push(from);
      pumps.push(drainTo(from, tee));
      return tee.copy === null ? null : pipe(tee.copy);
    };
    const pumps: Promise<void>[] = [];
    if (pieces !== null) pumps.push(feed(toChild!, pieces, (stop) => this.#child.onExit(stop)));
    this.stdin = (pieces === null ? toChild : null) as PipedOf<O, 'stdin', WritePipe>;
    this.stdout = output(stdout, 'stdout', tees[0]) as PipedOf<O, 'stdout', ReadPipe<OutputOf<O>>>;
    this.stderr = output(stderr, 'stderr', tees[1]) as PipedOf<O, 'stderr', ReadPipe<OutputOf<O>>>;
    this.carried = pumps;
    const end = observer.current?.lasts?.('command', repr(args));
    if (end !== undefined) this.#child.onExit((code) => end(code === 0 ? undefined : { error: `exit code ${code}` }));
    // Whoever waits for the command is told; one that nobody waits for must not end the program.
    for (const pump of this.carried) pump.catch(() => {});
  }

  /** Its exit code, or minus the number of the signal that ended it; `null` until somebody has seen that it has ended. */
  get returnCode(): number | null {
    return this.#child.poll();
  }

  /** As a shell says it: 128 and the number of the signal for one that was killed. */
  get exitCode(): number | null {
    const code = this.returnCode;
    return code !== null && code < 0 ? 128 - code : code;
  }

  /** The signal that ended it. */
  get signal(): SignalName | null {
    const code = this.returnCode;
    return code !== null && code < 0 ? signalName(-code) : null;
  }

  /** Whether it has ended: its return code, or `null`. Never blocks. */
  poll(): number | null {
    return this.#child.poll();
  }

  /** Waits until it has ended. `TimeoutExpired` when time is up first: it goes on then, and can be waited for again. */
  async wait(wait: Wait = {}): Promise<number> {
    checkWaitOptions(wait, 'wait');
    const done = this.poll();
    if (done !== null) return done;
    if (this.#exited === null) {
      this.#exited = deferred();
      this.#child.onExit(this.#exited.resolve);
    }
    const result = await this.#held(() => within(this.#exited!.promise, wait));
    if (!result.inTime) throw new TimeoutExpired(this.args, wait.timeout!);
    return result.value;
  }

  /** The blocking twin of `wait`. */
  waitSync(wait: Pick<Wait, 'timeout'> = {}): number {
    checkWaitOptions(wait, 'waitSync');
    const { timeout } = wait;
    const code = this.#child.waitSync(remaining(deadlineAfter(timeout)));
    if (code === null) throw new TimeoutExpired(this.args, timeout!);
    return code;
  }

  /** Keeps the program alive while something waits. */
  async #held<T>(work: () => Promise<T>): Promise<T> {
    if (this.#waiting++ === 0) this.#child.ref(true);
    try {
      return await work();
    } finally {
      if (--this.#waiting === 0) this.#child.ref(false);
    }
  }

  /**
   * Writes `input` to it and closes its stdin, reads what it writes, and waits until it has ended: all at once, so that no full pipe stops it.
   * `TimeoutExpired` when time is up: it goes on then, nothing is lost, and another `communicate` gives everything. `drain` says how many
   * milliseconds to wait for what descendants of it may still write after it has ended; for ever when left out.
   */
  async communicate(
    input?: Input | null,
    options: Wait & { readonly drain?: number | undefined; readonly maxBuffer?: number | undefined } = {},
  ): Promise<CommunicatedOf<O>> {
    checkInput(input);
    checkWaitOptions(options, 'communicate');
    const { drain, maxBuffer, ...wait } = options;
    const ongoing = (this.#communication ??= new Communication(this, this.#coding, maxBuffer));
    await this.#held(() => ongoing.go(input ?? null, wait, drain));
    return ongoing.result() as unknown as CommunicatedOf<O>;
  }

  /** The blocking twin of `communicate`. Its input is text or bytes, and it has to be the first to read. */
  communicateSync(input?: string | Uint8Array | null, options: SyncOptions = {}): CommunicatedOf<O> {
    checkInput(input);
    checkWaitOptions(options, 'communicateSync');
    if (!hasLibrary())
      throw new StateError('ERR_NO_LIBRARY', `cannot block on ${repr(this.args)}: ${whyNoLibrary()}. Await communicate, or use runSync`);
    return communicateSync(this, this.#child, this.#coding, input ?? null, options) as unknown as CommunicatedOf<O>;
  }

  /** @internal After it was ended: hears its last words, and closes its pipes. */
  async finish(ms: number): Promise<void> {
    if (this.#communication === null) this.closeOutputs();
    else await this.#communication.finish(ms);
    this.stdin?.closeNow();
  }

  /** @internal */
  whenEnded(call: () => void): void {
    this.#child.onExit(call);
  }

  /** @internal */
  closeOutputs(): void {
    for (const pipe of [this.stdout, this.stderr, ...this.#sources]) pipe?.close();
  }

  /** @internal What has come so far. */
  outputSoFar(): Communicated {
    return this.#communication?.result() ?? syncOutput(this.#child, this.#coding);
  }

  /** Changes the size of its terminal, and has it told. `StateError` when it has none. */
  resize({ columns, rows }: TerminalSize): void {
    const { terminal } = this.#child;
    if (terminal === null) throw new StateError('ERR_NO_TERMINAL', 'a command that was started without `pty` has no terminal of its own');
    terminal.resize({ columns, rows });
  }

  /** Sends a signal; without effect when it has ended. It can't reach another process that has got its number since. */
  sendSignal(signal: Signal): void {
    this.#child.signal(signalNumber(signal));
  }

  /** Asks it to end, by SIGTERM. */
  terminate(): void {
    this.sendSignal('SIGTERM');
  }

  /** Ends it at once, by SIGKILL. */
  kill(): void {
    this.sendSignal('SIGKILL');
  }

  /** Ends it and all its descendants at once, also those that it does not wait for. Gives their numbers. Linux only: elsewhere, itself alone. */
  killTree(): number[] {
    return killTree(this.#child, this.#cookie);
  }

  /** Ends it, gently first: a signal, and after a while SIGKILL, to it and its descendants. Resolves when it has ended, which a cancellation does not cut short. */
  async end(options: KillOptions = {}): Promise<number> {
    return this.#held(() => endTree(this.#child, this.#cookie, options));
  }

  /** Closes its pipes and waits until it has ended. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.closeOutputs();
    await this.stdin?.close().catch(() => {});
    await this.wait();
  }

  toString(): string {
    return `<Popen: returncode: ${this.poll()} args: ${repr(this.args)}>`;
  }
  [inspect.custom](): string {
    return this.toString();
  }
}

/** @internal Checks the options, and says in full how to start. */
export function planOf(args: Command, options: PopenOptions, stdio: StartPlan['stdio'], cookie: string | null): StartPlan {
  const { shell = false, umask = null, pipesize = null, processGroup = null, env, passFds = [] } = options;
  if (typeof shell !== 'boolean' && typeof shell !== 'string')
    throw new TypeError(`shell is true, false or the path of a shell: got ${typeof shell}`);
  if (umask !== null && !(Number.isInteger(umask) && umask >= 0 && umask <= 0o777))
    throw new OutOfRangeError('ERR_UMASK', `umask is an integer from 0 to 0o777: got ${umask}`);
  if (processGroup !== null && !(Number.isInteger(processGroup) && processGroup >= 0))
    throw new OutOfRangeError('ERR_GROUP', `processGroup is an integer from 0 on: got ${processGroup}`);
  if (pipesize !== null && !(Number.isInteger(pipesize) && pipesize > 0))
    throw new OutOfRangeError('ERR_PIPESIZE', `pipesize is a positive number of bytes: got ${pipesize}`);
  if (passFds.length > 0 && options.closeFds === false)
    throw new StateError('ERR_PASS_FDS', 'with passFds the others are closed: leave closeFds out');
  if (env !== undefined) environmentOf(env);
  return {
    command: args,
    invocation: invocationOf(args, shell, options.executable ?? null),
    ...environmentFor(env, cookie),
    cwd: options.cwd === undefined ? null : bytesOf(options.cwd, 'cwd'),
    stdio,
    closeFds: options.closeFds ?? true,
    passFds,
    restoreSignals: options.restoreSignals ?? true,
    newSession: options.startNewSession ?? false,
    group: processGroup,
    credentials: credentialsOf(options),
    umask,
    pipesize,
    terminal: terminalOf(options),
  };
}

function terminalOf({ pty, stdin, stdout, stderr }: PopenOptions): TerminalSize | null {
  if (pty === undefined || pty === false) return null;
  if ([stdin, stdout, stderr].some((one) => one !== undefined && one !== null && one !== PIPE))
    throw new TypeError('with a pty all input and output goes through the terminal: leave stdin, stdout and stderr out');
  const { columns = 80, rows = 24 } = pty === true ? {} : pty;
  for (const value of [columns, rows])
    if (!(Number.isInteger(value) && value > 0 && value < 65_536))
      throw new OutOfRangeError('ERR_TERMINAL', `a terminal has from 1 to 65535 columns and rows: got ${value}`);
  return { columns, rows };
}

/**
 * The cookie is inherited: by it descendants are known that have left their parents. Those of commands around this program are kept. An
 * environment that is meant to be empty stays so. A thread's own environment is one that the C library doesn't know.
 */
function environmentFor(env: Environment | undefined, cookie: string | null): Pick<StartPlan, 'env' | 'added'> {
  const own = env ?? (isMainThread ? null : process.env);
  if (cookie === null || (env !== undefined && Object.keys(env).length === 0)) return { env: own, added: {} };
  const added = { [COOKIE]: withCookie(own ?? process.env, cookie) };
  return own === null ? { env: null, added } : { env: { ...own, ...added }, added: {} };
}
