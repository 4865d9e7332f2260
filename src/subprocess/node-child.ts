import { type ChildProcess, spawn } from 'node:child_process';
import type { Socket } from 'node:net';
import { constants as os } from 'node:os';
import type { Readable, Writable } from 'node:stream';
import { StateError } from '../base/errors.ts';
import { whyNoLibrary } from '../system/library.ts';
import { keepUnread } from './node-output.ts';
import { likelyReason, nodePlanOf } from './node-plan.ts';
import type { Child, StartPlan } from './plan.ts';
import { startError } from './start-error.ts';

/** Starts a command by Node's own child_process. */
export function startByNode(plan: StartPlan): Child {
  const { file, args, options } = nodePlanOf(plan);
  let child: ChildProcess;
  try {
    child = spawn(file, args, options);
  } catch (cause) {
    throw startError(plan, -((cause as NodeJS.ErrnoException).errno ?? -os.errno.EAGAIN), plan.cwd, cause);
  }
  // The reason comes as an event, too late for the caller.
  child.on('error', () => {});
  if (child.pid === undefined) throw startError(plan, likelyReason(plan), plan.cwd);
  return new NodeChild(child, child.pid, plan);
}

class NodeChild implements Child {
  readonly pid: number;
  readonly stdin: Writable | null;
  readonly stdout: Readable | null;
  readonly stderr: Readable | null;
  readonly pidfd = null;
  readonly terminal = null;
  readonly #child: ChildProcess;
  readonly #calls: ((returnCode: number) => void)[] = [];
  #returnCode: number | null = null;

  constructor(child: ChildProcess, pid: number, { stdio }: StartPlan) {
    this.pid = pid;
    this.#child = child;
    const isPipe = (i: number): boolean => stdio[i]!.is === 'pipe';
    this.stdin = isPipe(0) ? child.stdin : null;
    this.stdout = isPipe(1) ? child.stdout : null;
    this.stderr = isPipe(2) ? child.stderr : null;
    keepUnread(this.stdout);
    keepUnread(this.stderr);
    // As bare descriptors: who reads or writes keeps the program alive, and not that somebody could.
    for (const stream of [this.stdin, this.stdout, this.stderr]) (stream as Socket | null)?.unref();
    child.once('exit', (code, signal) => {
      this.#returnCode = returnCodeOf(code, signal);
      for (const call of this.#calls.splice(0)) call(this.#returnCode);
    });
    child.unref();
  }

  poll(): number | null {
    return this.#returnCode;
  }

  waitSync(ms: number): number | null {
    if (this.#returnCode !== null || ms === 0) return this.#returnCode;
    throw new StateError('ERR_NO_LIBRARY', `cannot block until process ${this.pid} ends: ${whyNoLibrary()}. Await it, or use runSync`);
  }

  onExit(call: (returnCode: number) => void): void {
    if (this.#returnCode === null) this.#calls.push(call);
    else setImmediate(call, this.#returnCode);
  }

  signal(number: number): void {
    if (this.#returnCode === null && this.#child.exitCode === null && this.#child.signalCode === null) {
      try {
        process.kill(this.pid, number);
      } catch {
        // It has ended in this moment.
      }
    }
  }

  ref(on: boolean): void {
    if (on) this.#child.ref();
    else this.#child.unref();
  }
}

export const returnCodeOf = (code: number | null, signal: NodeJS.Signals | null): number =>
  signal === null ? (code ?? 0) : -os.signals[signal];
