import { closeSync, readFileSync } from 'node:fs';
import { canShareMemory, foreign } from './memory.ts';

/*
 * How a child has ended, without an event loop: for who blocks until then. The child stays a zombie, so that
 * whoever reaps it, Node itself, finds it as it expects.
 */
export interface ChildExit {
  readonly code: number | null;
  readonly signal: number | null;
}

const PIDFD_OPEN = 434;
const P_PIDFD = 3;
const WEXITED = 4;
const WNOHANG = 1;
const WNOWAIT = 0x1000000;
const CLD_EXITED = 1;
const SIGINFO_BYTES = 128;

/** How the child `pid` ended, or `null` while it runs. Only for children that nobody has reaped yet. */
export function peekChildExit(pid: number): ChildExit | null {
  if (!canShareMemory()) return null;
  return withPidfd(pid, (pidfd) => statusOf(pidfd));
}

/** Blocks until the child has ended, at most `timeoutMs`; `null` when it still runs then. */
export function awaitChildExit(pid: number, timeoutMs: number): ChildExit | null {
  return withPidfd(pid, (pidfd) => {
    const poll = foreign('int poll(void *fds, ulong count, int timeout)');
    const entry = Buffer.alloc(8);
    entry.writeInt32LE(pidfd, 0);
    entry.writeInt16LE(1, 4); // POLLIN: it has ended
    const end = performance.now() + timeoutMs;
    for (;;) {
      const left = timeoutMs === Infinity ? -1 : Math.max(0, Math.ceil(end - performance.now()));
      // A signal interrupts the wait; its handler runs when this thread is back in its loop.
      if (poll(entry, 1, left) >= 0 || left === 0) return statusOf(pidfd);
    }
  });
}

function withPidfd<T>(pid: number, use: (pidfd: number) => T | null): T | null {
  const pidfd = foreign('long syscall(long n, int pid, uint flags)')(PIDFD_OPEN, pid, 0);
  if (pidfd < 0) return null;
  try {
    return use(pidfd);
  } finally {
    closeSync(pidfd);
  }
}

function statusOf(pidfd: number): ChildExit | null {
  const info = Buffer.alloc(SIGINFO_BYTES);
  const waitid = foreign('int waitid(int type, int id, void *info, int options)');
  if (waitid(P_PIDFD, pidfd, info, WEXITED | WNOHANG | WNOWAIT) !== 0 || info.readInt32LE(0) === 0) return null;
  const how = info.readInt32LE(8);
  const status = info.readInt32LE(24);
  return how === CLD_EXITED ? { code: status, signal: null } : { code: null, signal: status };
}

/** When a process started, in the system's ticks: tells a process from a later one with the same number. */
export function startTimeOf(pid: number): number | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return Number(text.slice(text.lastIndexOf(')') + 2).split(' ')[19]);
  } catch {
    return null;
  }
}
