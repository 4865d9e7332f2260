import { errno, foreign } from './library.ts';

/*
 * A descriptor that stands for a process: unlike its number, it never comes to mean another one. It becomes
 * readable when the process ends. Numbers of system calls are those of x64 and arm64 alike.
 */
const PIDFD_SEND_SIGNAL = 424;
const PIDFD_OPEN = 434;
const P_PID = 1;
const P_PIDFD = 3;
const WNOHANG = 1;
const WSTOPPED = 2;
const WEXITED = 4;
const WNOWAIT = 0x1000000;
const CLD_EXITED = 1;
const CLD_STOPPED = 5;
const SIGINFO_BYTES = 128;

/** How a process ended. `stopped`: it has not, a signal has stopped it. */
export type ChildStatus =
  | { readonly is: 'exited'; readonly code: number }
  | { readonly is: 'killed'; readonly signal: number }
  | { readonly is: 'stopped'; readonly signal: number };

/** A pidfd of a process, close-on-exec, or minus the errno. */
export function openPidfd(pid: number): number {
  const pidfd = foreign('long syscall(long n, int pid, uint flags)')(PIDFD_OPEN, pid, 0);
  return pidfd < 0 ? -errno() : pidfd;
}

/** 0, or the errno: ESRCH when the process has ended and was reaped. Signal 0 only asks. */
export function signalPidfd(pidfd: number, signal: number): number {
  const sent = foreign('long syscall(long n, int pidfd, int signal, void *info, uint flags)')(PIDFD_SEND_SIGNAL, pidfd, signal, null, 0);
  return sent === 0 ? 0 : errno();
}

export interface Look {
  /** The child stays a zombie, for whoever reaps it. */
  readonly leave?: boolean;
  /** A child that is stopped counts too. */
  readonly stopped?: boolean;
}

/** How the child ended; `null` while it runs; minus the errno when it is no child of ours any more. Never blocks. */
export function childStatus(
  by: { readonly pid: number } | { readonly pidfd: number },
  { leave, stopped }: Look = {},
): ChildStatus | null | number {
  const info = Buffer.alloc(SIGINFO_BYTES);
  const options = WEXITED | WNOHANG | (leave === true ? WNOWAIT : 0) | (stopped === true ? WSTOPPED : 0);
  const [type, id] = 'pid' in by ? [P_PID, by.pid] : [P_PIDFD, by.pidfd];
  if (foreign('int waitid(int type, int id, void *info, int options)')(type, id, info, options) !== 0) return -errno();
  if (info.readInt32LE(0) === 0) return null;
  const how = info.readInt32LE(8);
  const status = info.readInt32LE(24);
  if (how === CLD_EXITED) return { is: 'exited', code: status };
  return { is: how === CLD_STOPPED ? 'stopped' : 'killed', signal: status };
}
