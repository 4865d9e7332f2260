import { inspect } from 'node:util';
import { atExit } from '../base/at-exit.ts';
import { StateError } from '../base/errors.ts';
import { asked, deadlineAfter, NEVER, remaining, type Wait } from '../base/deadline.ts';
import { within } from '../base/within.ts';
import { checkBeginning, type Child } from '../host/process/child.ts';
import { FRAME } from '../host/process/frame.ts';
import { here } from '../host/process/setup.ts';
import { takeChild } from '../host/process/spares.ts';
import { chosenStartMethod, type StartMethod } from '../host/process/start-method.ts';
import { foresee, giveState, type ObjectState, stateOf } from '../message/closures/index.ts';
import { dropBytes, encode } from '../message/index.ts';
import { awaitChildExit, peekChildExit } from '../system/child-exit.ts';
import { probeProcesses } from '../word/process-heap.ts';
import { packed, type PipeConnection } from './pipe-connection.ts';
import { type ExitCode, exitCodeOf } from '../host/process/exit.ts';
import { authKeyHere, nameHere, nextLineage, setupFor } from '../host/process/identity.ts';
import { log } from './log.ts';
import { checkNames } from './other-names.ts';
import { runTarget, type Work } from './run-target.ts';
import { type Secret, secretBytes } from './secret.ts';
import { Sentinel } from './sentinel.ts';

/** How a `Process` is made. */
export interface ProcessOptions<A extends readonly unknown[] = readonly unknown[]> {
  /** What the process runs: any function. A promise that it returns is awaited. */
  readonly target?: ((...args: A) => unknown) | undefined;
  /** What the target is called with. Copies go to the child; shared things arrive as themselves. */
  readonly args?: readonly [...A] | undefined;
  /** `Process-N` when left out. */
  readonly name?: string | undefined;
  /** Ends with this process instead of keeping it alive. Left out: as this process itself. */
  readonly daemon?: boolean | undefined;
}

/*
 *   INITIAL  made, not started
 *   STARTED  its process runs, or has ended
 *   CLOSED   let go by `close`
 *
 *   INITIAL -> STARTED   start
 *   INITIAL, STARTED and ended -> CLOSED   close
 */
type State = { readonly is: 'initial' } | { readonly is: 'started'; readonly child: Child } | { readonly is: 'closed' };

/** What a process runs, and the ends of pipes that travel with it. */
interface Told {
  readonly message: Uint8Array;
  readonly ends: readonly PipeConnection[];
}

const EMBODY: unique symbol = Symbol('embody');
const living = new Set<Process>();

/**
 * A process that runs a function: Python's `multiprocessing.Process`.
 *
 * The function may be any function; it and its arguments are copied when `start` is called. Locks, queues, values and
 * arrays of `manycore/multiprocessing` arrive as the same things. The main module is not run again in the child.
 */
export class Process<A extends readonly unknown[] = readonly unknown[]> {
  #state: State = { is: 'initial' };
  #name: string;
  #daemon: boolean;
  #authKey: Uint8Array | null = null;
  readonly #lineage: string;
  readonly #work: { readonly target: (...args: A) => unknown; readonly args: readonly [...A] } | null;

  constructor(options: ProcessOptions<A> = {}) {
    checkNames(options, 'a Process', '{ target: fn }');
    const { target, args, name, daemon } = options;
    if (target !== undefined && typeof target !== 'function') throw new TypeError(`target must be a function: got ${typeof target}`);
    if (args !== undefined && !Array.isArray(args)) throw new TypeError(`args must be a list: got ${inspect(args)}`);
    if (target !== undefined) foresee(target);
    const embodied = EMBODY in options ? here.setup : null;
    this.#lineage = embodied?.lineage ?? nextLineage();
    this.#name = embodied?.name ?? name ?? `Process-${this.#lineage}`;
    this.#daemon = daemon ?? here.setup?.daemon ?? false;
    this.#work = target === undefined ? null : { target, args: (args ?? []) as readonly [...A] };
  }

  /** How it is started; `null`: as has been chosen for all. */
  protected get startMethod(): StartMethod | null {
    return null;
  }

  /** What the process runs; a subclass says it by overriding this. Runs in the child. */
  run(): unknown {
    return this.#work?.target(...(this.#work.args as A));
  }

  /**
   * Starts the process. Throws `SendError` when the function or an argument can't travel, and `StateError` when it
   * was started before, when a daemon tries to have a child, or when the system refuses.
   */
  start(): void {
    if (this.#state.is === 'closed') throw closed(this.#name);
    if (this.#state.is === 'started') throw new StateError('ERR_PROCESS_STARTED', `cannot start process ${this.#name} a second time`);
    if (here.setup?.daemon === true) {
      throw new StateError(
        'ERR_DAEMON_CHILD',
        `process ${nameHere()} is a daemon: daemons may not have children, for nobody would end them`,
      );
    }
    checkBeginning();
    // It begins while what it is told is written.
    const child = takeChild(this.startMethod ?? chosenStartMethod());
    const { message, ends } = this.#tell(child);
    let hasBegun = false;
    child.onFrame = (kind) => void (hasBegun ||= kind === FRAME.begun);
    void child.silent.then(() => {
      if (!hasBegun) dropMessage(message, ends);
    });
    if (this.#daemon) child.unref();
    this.#state = { is: 'started', child };
    living.add(this as unknown as Process);
    void child.ended.then(() => {
      living.delete(this as unknown as Process);
      // What it held, when it was killed, comes back now, and not only when somebody misses it.
      probeProcesses();
    });
    endWithProgram();
  }

  /** Tells a child who it is and what it runs; it is not needed when that can't be said. */
  #tell(child: Child): Told {
    try {
      const who = setupFor({ name: this.#name, lineage: this.#lineage, daemon: this.#daemon, authKey: this.authKey });
      const setup = Uint8Array.from(encode(who, { where: 'process' }).bytes);
      const told = this.#message();
      child.start(setup, told.message);
      return told;
    } catch (error) {
      child.dismiss();
      throw error;
    }
  }

  #message(): Told {
    const ends = (packed.ends = [] as PipeConnection[]);
    try {
      // A copy: the next message is written over it.
      return { message: Uint8Array.from(encode([runTarget, [this.#workToSend()]], { where: 'process' }).bytes), ends };
    } catch (error) {
      for (const end of ends) end.arrived();
      throw error;
    } finally {
      packed.ends = null;
    }
  }

  #workToSend(): Work | null {
    if (this.run === (Process.prototype as Process<A>).run) return this.#work as Work | null;
    return { subclass: this.constructor as new () => Process, state: stateOf(this, Process) };
  }

  /** In the child: the instance of the subclass that was started, with its state. */
  static embodied(subclass: new (...args: never[]) => Process, state: ObjectState): Process {
    return giveState(Reflect.construct(Process, [{ [EMBODY]: true }], subclass) as Process, state);
  }

  /** What it is called in messages, and by `currentProcess()` in the child. Not unique. */
  get name(): string {
    return this.#name;
  }
  set name(name: string) {
    this.#name = name;
  }

  /** Whether it is ended when this process ends, instead of being waited for. Can be set until it is started. */
  get daemon(): boolean {
    return this.#daemon;
  }
  set daemon(daemon: boolean) {
    if (this.#state.is !== 'initial')
      throw new StateError('ERR_PROCESS_STARTED', `process ${this.#name} has been started: daemon can't be set any more`);
    this.#daemon = daemon;
  }

  /** The secret by which it and its own processes will know each other: that of this process, unless it is set before the start. */
  get authKey(): Uint8Array {
    return this.#authKey ?? authKeyHere();
  }
  set authKey(key: Secret) {
    if (this.#state.is !== 'initial')
      throw new StateError('ERR_PROCESS_STARTED', `process ${this.#name} has been started: authKey can't be set any more`);
    this.#authKey = secretBytes(key);
  }

  /** The number that the system gave it; `null` before the start. */
  get pid(): number | null {
    if (this.#state.is === 'closed') throw closed(this.#name);
    return this.#state.is === 'started' ? this.#state.child.pid : null;
  }
  /** The same as `pid`: Python has both names. */
  get ident(): number | null {
    return this.pid;
  }

  /** `null` while it has not ended; then its code, or minus the number of the signal that ended it. Never blocks. */
  get exitCode(): ExitCode | null {
    if (this.#state.is === 'closed') throw closed(this.#name);
    if (this.#state.is === 'initial') return null;
    const { child } = this.#state;
    const exit = child.exit ?? peekChildExit(child.pid);
    return exit === null ? null : exitCodeOf(exit);
  }

  /** Whether it has been started and has not ended, at this moment. Never blocks. */
  get isAlive(): boolean {
    const { exitCode } = this;
    return this.#state.is === 'started' && exitCode === null;
  }

  /** Something that `connectionWait` can wait for: ready when the process has ended. */
  get sentinel(): Sentinel {
    return new Sentinel(this.#started('wait for'));
  }

  /** Waits until it has ended; false when time was up first. Rejects with `StateError` before the start. */
  async join(wait?: Wait): Promise<boolean> {
    const child = this.#started('join');
    const letGo = child.hold();
    try {
      return (await within(child.ended, wait)).inTime;
    } finally {
      letGo();
    }
  }

  /** The blocking twin of `join`: this thread's event loop stands still meanwhile. */
  joinSync(wait?: Wait): boolean {
    const { timeout, signal } = asked(wait);
    const child = this.#started('join');
    signal?.throwIfAborted();
    const deadline = deadlineAfter(timeout);
    if (child.exit !== undefined) return true;
    return awaitChildExit(child.pid, deadline === NEVER ? Infinity : remaining(deadline)) !== null;
  }

  /** Asks it to end, by SIGTERM: its `finally` blocks do not run. */
  terminate(): void {
    this.#started('terminate').kill('SIGTERM');
  }

  /** Ends it at once, by SIGKILL. */
  kill(): void {
    this.#started('kill').kill('SIGKILL');
  }

  /**
   * Interrupts it, by SIGINT, as Ctrl-C does: it ends with exit code 1, after its listeners for `exit`. A target that is run by `run` of
   * `manycore/asyncio` is cancelled first, and its `finally` blocks run; one that handles the signal itself decides what happens.
   */
  interrupt(): void {
    this.#started('interrupt').kill('SIGINT');
  }

  /** Lets go of everything that belongs to it. `StateError` while it runs; afterwards every other method throws one. */
  close(): void {
    if (this.#state.is === 'closed') return;
    if (this.isAlive)
      throw new StateError('ERR_PROCESS_RUNNING', `cannot close process ${this.#name} while it runs: join() or terminate() it first`);
    if (this.#state.is === 'started') this.#state.child.close();
    this.#state = { is: 'closed' };
  }

  #started(act: string): Child {
    if (this.#state.is === 'closed') throw closed(this.#name);
    if (this.#state.is === 'started') return this.#state.child;
    throw new StateError('ERR_PROCESS_NOT_STARTED', `cannot ${act} process ${this.#name}: it has not been started`);
  }
}

/** Lets go of what travels in a message that its process did not live to read. */
function dropMessage(message: Uint8Array, ends: readonly PipeConnection[]): void {
  dropBytes(message);
  for (const end of ends) end.arrived();
}

function closed(name: string): StateError {
  return new StateError('ERR_PROCESS_CLOSED', `process ${name} is closed`);
}

/** The children of this process that have not ended, started by this thread. */
export function activeChildren(): Process[] {
  return [...living].filter((child) => child.isAlive);
}

let watching = false;

/** At the end of this process its daemons are ended, and the others are waited for. */
function endWithProgram(): void {
  if (watching) return;
  watching = true;
  atExit(() => {
    log('INFO', 'process shutting down');
    const left = activeChildren();
    for (const child of left) if (child.daemon) child.terminate();
    for (const child of left) child.joinSync();
  });
}
