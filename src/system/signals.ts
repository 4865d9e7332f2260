import { readFileSync } from 'node:fs';
import { errno, foreign } from './library.ts';
import { StateError } from '../base/errors.ts';

/*
 * What Node can't do with signals: ignore them so that children do too, unblock them, send them to one thread, and
 * the system's interval timers.
 *
 * struct sigaction begins with the handler, in glibc and musl alike; SIG_DFL is 0 and SIG_IGN is 1.
 */
const SIGACTION_BYTES = 256;
const SIG_DFL = 0n;
const SIG_IGN = 1n;
const SIG_UNBLOCK = 1;
const TGKILL = { x64: 234, arm64: 131 }[process.arch as 'x64' | 'arm64'];

/** Has the system ignore a signal, or do with it what it does by itself. Replaces whatever handler there is. */
export function setDisposition(signal: number, what: 'ignored' | 'default'): void {
  const action = Buffer.alloc(SIGACTION_BYTES);
  action.writeBigUInt64LE(what === 'ignored' ? SIG_IGN : SIG_DFL, 0);
  const failed = foreign('int sigaction(int signal, void *action, void *old)')(signal, action, null) !== 0;
  if (failed) throw new StateError('ERR_SIGNAL', `cannot change what signal ${signal} does: errno ${errno()}`);
}

/** Which signals are in a set of this process's main thread. Empty where the system doesn't tell. */
export function signalsIn(set: 'ignored' | 'blocked'): ReadonlySet<number> {
  let mask = 0n;
  try {
    const name = set === 'ignored' ? 'SigIgn' : 'SigBlk';
    mask = BigInt(`0x${new RegExp(`^${name}:\\s*([0-9a-f]+)`, 'm').exec(readFileSync('/proc/self/status', 'latin1'))?.[1] ?? '0'}`);
  } catch {
    // Not Linux.
  }
  const found = new Set<number>();
  for (let signal = 1; mask !== 0n; signal++, mask >>= 1n) if ((mask & 1n) === 1n) found.add(signal);
  return found;
}

/** Lets a blocked signal through to this thread. */
export function unblock(signal: number): void {
  const set = Buffer.alloc(128);
  set.writeUInt8(1 << ((signal - 1) % 8), Math.floor((signal - 1) / 8));
  foreign('int pthread_sigmask(int how, void *set, void *old)')(SIG_UNBLOCK, set, null);
}

/** Sends a signal to one thread of this process, by the number that the system gave it. 0, or the errno. */
export function signalThread(nativeId: number, signal: number): number {
  const sent = foreign('long syscall(long n, int pid, int thread, int signal)')(TGKILL, process.pid, nativeId, signal);
  return sent === 0 ? 0 : errno();
}

/** A timer of this process: what is left until it rings, and how often it does so again. Milliseconds; 0: it doesn't. */
export interface IntervalTimer {
  /** Milliseconds until it goes off next; 0 when it is not set. */
  readonly delay: number;
  /** Milliseconds between one time and the next; 0 when it goes off once. */
  readonly interval: number;
}

/** Sets one of the three timers of the process, and gives what it was. */
export function setTimer(which: number, { delay, interval }: IntervalTimer): IntervalTimer {
  const value = Buffer.alloc(32);
  const old = Buffer.alloc(32);
  writeTime(value, 0, interval);
  writeTime(value, 16, delay);
  if (foreign('int setitimer(int which, void *value, void *old)')(which, value, old) !== 0)
    throw new StateError('ERR_SIGNAL', `cannot set timer ${which} to ${delay} ms: errno ${errno()}`);
  return readTimer(old);
}

export function readTimerOf(which: number): IntervalTimer {
  const value = Buffer.alloc(32);
  foreign('int getitimer(int which, void *value)')(which, value);
  return readTimer(value);
}

const readTimer = (value: Buffer): IntervalTimer => ({ interval: readTime(value, 0), delay: readTime(value, 16) });

/** A struct timeval. What is more than nothing is at least one microsecond: zero would switch the timer off. */
function writeTime(into: Buffer, at: number, ms: number): void {
  const micros = ms === 0 ? 0n : BigInt(Math.max(1, Math.round(ms * 1000)));
  into.writeBigInt64LE(micros / 1_000_000n, at);
  into.writeBigInt64LE(micros % 1_000_000n, at + 8);
}
const readTime = (from: Buffer, at: number): number => Number(from.readBigInt64LE(at)) * 1000 + Number(from.readBigInt64LE(at + 8)) / 1000;
