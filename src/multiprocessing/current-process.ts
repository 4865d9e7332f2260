import { availableParallelism } from 'node:os';
import { asked, deadlineAfter, NEVER, remaining, type Wait } from '../base/deadline.ts';
import { within } from '../base/within.ts';
import { here } from '../host/process/setup.ts';
import { type Secret, secretBytes } from './secret.ts';
import { startTimeOf } from '../system/child-exit.ts';
import { authKeyHere, nameHere, setAuthKey, setNameHere } from '../host/process/identity.ts';

const LOOK_MS = 20;
const nap = new Int32Array(new SharedArrayBuffer(4));

/** The process that calls, seen from inside. */
export class CurrentProcess {
  /** `MainProcess`, or what it was called when it was started. */
  get name(): string {
    return nameHere();
  }
  set name(name: string) {
    setNameHere(name);
  }
  /** The number that the system gave it. */
  get pid(): number {
    return process.pid;
  }
  /** The same as `pid`: Python has both names. */
  get ident(): number {
    return process.pid;
  }
  /** Whether it was started as a daemon. */
  get daemon(): boolean {
    return here.setup?.daemon ?? false;
  }
  /** Always true: it is the one that asks. */
  get isAlive(): boolean {
    return true;
  }
  /** Always `null`: it has not ended. */
  get exitCode(): null {
    return null;
  }
  /** The secret by which processes of one program know each other. May be set, before children are started. */
  get authKey(): Uint8Array {
    return authKeyHere();
  }
  set authKey(key: Secret) {
    setAuthKey(secretBytes(key));
  }
}

/** The process that started this one. */
export class ParentProcess {
  /** The number that the system gave it. When it has ended, another process may have it. */
  readonly pid: number;
  /** What it was called when it started this one. */
  readonly name: string;
  readonly #started: number | null;

  constructor(pid: number, name: string) {
    this.pid = pid;
    this.name = name;
    this.#started = startTimeOf(pid);
  }

  /** The same as `pid`: Python has both names. */
  get ident(): number {
    return this.pid;
  }

  /** Whether it has not ended. A later process with the same number is not taken for it. */
  get isAlive(): boolean {
    return this.#started !== null && process.ppid === this.pid && startTimeOf(this.pid) === this.#started;
  }

  /** Waits until it has ended: true; false when time was up. (Where the system ends children with their parent, so is this one.) */
  async join(wait: Wait = {}): Promise<boolean> {
    const ended = new AbortController();
    try {
      return (await within(this.#ended(ended.signal), wait)).inTime;
    } finally {
      ended.abort();
    }
  }

  async #ended(given: AbortSignal): Promise<void> {
    while (this.isAlive && !given.aborted) await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }

  /** The blocking twin of `join`. */
  joinSync(wait?: Wait): boolean {
    const { timeout, signal } = asked(wait);
    signal?.throwIfAborted();
    const deadline = deadlineAfter(timeout);
    while (this.isAlive) {
      if (deadline !== NEVER && remaining(deadline) === 0) return false;
      Atomics.wait(nap, 0, 0, Math.min(LOOK_MS, remaining(deadline)));
    }
    return true;
  }
}

const current = new CurrentProcess();
let parent: ParentProcess | null | undefined;

/** The process that calls. */
export function currentProcess(): CurrentProcess {
  return current;
}

/** The process that started this one; `null` in the program's first process. */
export function parentProcess(): ParentProcess | null {
  return (parent ??= here.setup === null ? null : new ParentProcess(here.setup.parent.pid, here.setup.parent.name));
}

/** How many processors this process may use. */
export function cpuCount(): number {
  return availableParallelism();
}
