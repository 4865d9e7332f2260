import type { EventEmitter } from 'node:events';
import { isMainThread } from 'node:worker_threads';
import { StateError } from '../base/errors.ts';
import { whyNoLibrary } from '../system/library.ts';
import { signalPidfd } from '../system/pidfd.ts';
import { signalThread } from '../system/signals.ts';
import { type Signal, signalName, signalNamed } from './names.ts';

/**
 * Sends a signal to this process. In the main thread its handlers have run when this returns, and what they throw is thrown here;
 * from another thread they run in the main thread, soon.
 */
export function raiseSignal(signal: Signal): void {
  const { name, number } = signalNamed(signal);
  if (isMainThread && process.listenerCount(name) > 0) (process as EventEmitter).emit(name, name, number);
  else process.kill(process.pid, number);
}

/** Sends a signal to a process; to a group of them when `pid` is negative. 0 only asks whether it is there. Any thread may. */
export function kill(pid: number, signal: Signal): void {
  const number = signal === 0 ? 0 : signalNamed(signal).number;
  if (!Number.isInteger(pid)) throw new TypeError(`a process is known by its number: got ${String(pid)}`);
  try {
    process.kill(pid, number);
  } catch (cause) {
    throw refused(`process ${pid}`, signal, (cause as NodeJS.ErrnoException).code ?? String(cause), cause);
  }
}

/**
 * Sends a signal to one thread of this process, by its `nativeId`. The handler runs in the main thread all the same; a system call in
 * which that thread stands is interrupted.
 */
export function pthreadKill(nativeId: number, signal: Signal): void {
  const why = whyNoLibrary();
  if (why !== null) throw new StateError('ERR_NO_LIBRARY', `cannot send a signal to one thread: ${why}`);
  const number = signal === 0 ? 0 : signalNamed(signal).number;
  const errno = signalThread(nativeId, number);
  if (errno !== 0) throw refused(`thread ${nativeId}`, signal, errnoName(errno));
}

/** Sends a signal to the process that a pidfd stands for: never to a later one with the same number. */
export function pidfdSendSignal(pidfd: number, signal: Signal): void {
  const why = whyNoLibrary();
  if (why !== null) throw new StateError('ERR_NO_LIBRARY', `cannot send a signal by pidfd: ${why}`);
  const errno = signalPidfd(pidfd, signal === 0 ? 0 : signalNamed(signal).number);
  if (errno !== 0) throw refused(`pidfd ${pidfd}`, signal, errnoName(errno));
}

const NAMES: Readonly<Record<number, string>> = { 1: 'EPERM', 3: 'ESRCH', 9: 'EBADF', 22: 'EINVAL' };
const errnoName = (errno: number): string => NAMES[errno] ?? `errno ${errno}`;
const REASONS: Readonly<Record<string, string>> = {
  ESRCH: 'there is no such process or thread',
  EPERM: 'it belongs to somebody else',
  EBADF: 'it is no pidfd',
};

function refused(whom: string, signal: Signal, code: string, cause?: unknown): StateError {
  const name = signal === 0 ? 'signal 0' : signalName(signal);
  return new StateError(code, `cannot send ${name} to ${whom}: ${REASONS[code] ?? 'the system refuses'} (${code})`, { cause });
}
