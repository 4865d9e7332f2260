import { closeSync, readFileSync } from 'node:fs';
import { hasLibrary, whyNoLibrary } from './library.ts';
import { StateError } from '../base/errors.ts';
import { childStatus, openPidfd } from './pidfd.ts';
import { POLLIN, pollDescriptors } from './poll.ts';

/*
 * How a child has ended, without an event loop: for who blocks until then. The child stays a zombie, so that
 * whoever reaps it, Node itself, finds it as it expects.
 */
export interface ChildExit {
  readonly code: number | null;
  readonly signal: number | null;
}

/** It has ended, and somebody else has reaped it: how, only they know. */
const GONE: ChildExit = { code: null, signal: null };
const ESRCH = 3;
const ECHILD = 10;
const LOOK_MS = 5;
const nap = new Int32Array(new SharedArrayBuffer(4));

/** How the child `pid` ended, or `null` while it runs; `null` too when it was reaped already: whoever did that knows. */
export function peekChildExit(pid: number): ChildExit | null {
  const exit = hasLibrary() ? exitOf(pid) : null;
  return exit === GONE ? null : exit;
}

/**
 * Blocks until the child has ended, at most `timeoutMs`; `null` when it still runs then. One that was reaped by somebody else
 * has neither code nor signal. `StateError` where there is no C library to ask.
 */
export function awaitChildExit(pid: number, timeoutMs: number): ChildExit | null {
  if (!hasLibrary()) throw new StateError('ERR_NO_LIBRARY', `cannot block until process ${pid} ends: ${whyNoLibrary()}. Await it instead`);
  const pidfd = openPidfd(pid);
  if (pidfd === -ESRCH) return GONE;
  if (pidfd < 0) return lookAgain(pid, timeoutMs);
  try {
    const end = performance.now() + timeoutMs;
    for (;;) {
      const exit = exitOf(pid);
      const left = Math.max(0, end - performance.now());
      if (exit !== null || left === 0) return exit;
      pollDescriptors([{ fd: pidfd, events: POLLIN }], left);
    }
  } finally {
    closeSync(pidfd);
  }
}

/** Without a descriptor, for there are too many already, or none are permitted here: by looking again and again. */
function lookAgain(pid: number, timeoutMs: number): ChildExit | null {
  const end = performance.now() + timeoutMs;
  for (;;) {
    const exit = exitOf(pid);
    const left = end - performance.now();
    if (exit !== null || !(left > 0)) return exit;
    Atomics.wait(nap, 0, 0, Math.min(LOOK_MS, left));
  }
}

function exitOf(pid: number): ChildExit | null {
  const status = childStatus({ pid }, { leave: true });
  if (status === -ECHILD) return GONE;
  if (status === null || typeof status === 'number') return null;
  return status.is === 'exited' ? { code: status.code, signal: null } : { code: null, signal: status.signal };
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
