import { OutOfRangeError, StateError } from '../base/errors.ts';
import { STACK_MIN } from '../host/thread/resource-limits.ts';
import type { Excepthook } from './excepthook.ts';
import type { Thread } from './thread.ts';

/** Runs in a thread before its function; what it gives back runs when the function has ended. */
export type ThreadHook = (thread: Thread) => void | (() => void);

/** What a thread takes over from the one that starts it, and hands on to those that it starts. */
export interface Inherited {
  excepthook: Excepthook | null;
  profile: ThreadHook | null;
  stackSize: number;
}

/** @internal As it is in this thread. */
export const inherited: Inherited = { excepthook: null, profile: null, stackSize: 0 };

/** @internal For a thread that is about to be started; `null` when there is nothing to take over. */
export function toInherit(): Inherited | null {
  const { excepthook, profile, stackSize } = inherited;
  return excepthook === null && profile === null && stackSize === 0 ? null : { excepthook, profile, stackSize };
}

/** @internal */
export function inherit(from: Inherited | null): void {
  inherited.excepthook = from === null ? null : from.excepthook;
  inherited.profile = from === null ? null : from.profile;
  inherited.stackSize = from === null ? 0 : from.stackSize;
}

function hookOrNull<F>(hook: F | null, name: string): F | null {
  if (hook !== null && typeof hook !== 'function') throw new TypeError(`${name} takes a function, or null: got ${typeof hook}`);
  return hook;
}

/**
 * Replaces `excepthook` for the threads that this thread starts from now on, and for those that they start; `null` brings the
 * default back. The hook runs in the thread that failed, so it must be a function that can be sent.
 */
export function setExcepthook(hook: Excepthook | null): void {
  inherited.excepthook = hookOrNull(hook, 'setExcepthook');
}

/**
 * Has a function run in each thread that is started from now on, before the thread's own; what it returns runs afterwards, also
 * after an error. Python's `threading.setprofile` is for the same: to switch a profiler on in every thread. But V8 tells nobody
 * of each call, so the function isn't called again in between.
 */
export function setProfile(hook: ThreadHook | null): void {
  inherited.profile = hookOrNull(hook, 'setProfile');
}

/** What `setProfile` was given, here or in the thread that started this one. */
export function getProfile(): ThreadHook | null {
  return inherited.profile;
}

/**
 * Python's `threading.settrace`: a function that is called at each line of a thread. V8 has nothing of the kind, short of a
 * debugger that stops the thread at every step, so a function is refused with `StateError`.
 */
export function setTrace(hook: null): void {
  if (hookOrNull<unknown>(hook, 'setTrace') === null) return;
  throw new StateError(
    'ERR_NO_TRACE',
    'cannot trace lines: V8 calls no function at each line or call. thread.stack() shows where a thread is, manycore/profile where it spends its time, setProfile() runs a function around each thread',
  );
}

/** Nothing can be traced: always `null`. */
export function getTrace(): null {
  return null;
}

/**
 * How many bytes of stack the threads have that are started from now on, here and in threads started from here; 0 stands for
 * Node's own size, about 4 MB. Gives what held before. A thread with a stack of its own size has a worker of its own.
 */
export function stackSize(bytes?: number): number {
  const before = inherited.stackSize;
  if (bytes === undefined) return before;
  if (!Number.isInteger(bytes) || (bytes !== 0 && bytes < STACK_MIN) || bytes > 2 ** 30)
    throw new OutOfRangeError('ERR_STACK_SIZE', `stackSize takes 0, or from ${STACK_MIN} to ${2 ** 30} bytes: got ${String(bytes)}`);
  inherited.stackSize = bytes;
  return before;
}
