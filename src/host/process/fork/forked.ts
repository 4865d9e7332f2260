import { constants } from 'node:os';
import { childStatus, openPidfd } from '../../../system/pidfd.ts';
import { prepareWatching, type Watch, watchDescriptor } from '../../exit-watch.ts';
import type { Exit, Running } from '../child.ts';

const nap = new Int32Array(new SharedArrayBuffer(4));

/** A process that was copied for us, and is our child: it is watched by a descriptor, for Node knows nothing of it. */
export class Forked implements Running {
  readonly pid: number;
  onExit: (exit: Exit) => void = () => {};
  readonly #watch: Watch;

  /** Minus an errno when it can't be watched; then it has been ended. */
  static adopt(pid: number): Forked | number {
    const unable = prepareWatching();
    const pidfd = unable === 0 ? openPidfd(pid) : -unable;
    if (pidfd >= 0) return new Forked(pid, pidfd);
    endCopy(pid);
    return pidfd;
  }

  private constructor(pid: number, pidfd: number) {
    this.pid = pid;
    this.#watch = watchDescriptor(pidfd, () => this.#reap());
    this.#watch.ref();
  }

  #reap(): void {
    const status = childStatus({ pid: this.pid });
    if (status === null) return;
    this.#watch.close();
    if (typeof status === 'number') this.onExit({ code: null, signal: null });
    else if (status.is === 'exited') this.onExit({ code: status.code, signal: null });
    else this.onExit({ code: null, signal: nameOf(status.signal) });
  }

  kill(signal: NodeJS.Signals | number): boolean {
    try {
      return process.kill(this.pid, signal);
    } catch {
      return false;
    }
  }

  ref(): void {
    this.#watch.ref();
  }
  unref(): void {
    this.#watch.unref();
  }
}

/** Ends a copy that was not told anything yet. Blocks until it is gone. */
export function endCopy(pid: number): void {
  process.kill(pid, 'SIGKILL');
  while (childStatus({ pid }) === null) Atomics.wait(nap, 0, 0, 1);
}

function nameOf(signal: number): NodeJS.Signals | number {
  const found = Object.entries(constants.signals).find(([, number]) => number === signal)?.[0];
  return (found as NodeJS.Signals | undefined) ?? signal;
}
