import { StateError } from '../base/errors.ts';
import { errno, foreign } from './library.ts';

/** Something to read, or the other side has closed it; of a pidfd: the process has ended. */
/** The other end has gone. */
export const POLLHUP = 0x10;
export const POLLIN = 1;
export const POLLOUT = 4;

const EINTR = 4;
const EAGAIN = 11;
const ENOMEM = 12;
const ENTRY_BYTES = 8;
/** poll(2) takes an int of milliseconds: 24.8 days. */
const LONGEST_MS = 0x7fff_ffff;
const nap = new Int32Array(new SharedArrayBuffer(4));

export interface Polled {
  readonly fd: number;
  /** POLLIN, POLLOUT. */
  readonly events: number;
}

/**
 * Blocks this thread until one of the descriptors is ready, at most `timeoutMs`: what is ready of each, all 0 when time was up.
 * May come back early with nothing ready. A signal does not end the wait: its handler runs when the thread is back in its loop.
 */
export function pollDescriptors(entries: readonly Polled[], timeoutMs: number): number[] {
  const poll = foreign('int poll(void *fds, ulong count, int timeout)');
  const table = Buffer.alloc(Math.max(1, entries.length) * ENTRY_BYTES);
  entries.forEach(({ fd, events }, i) => {
    table.writeInt32LE(fd, i * ENTRY_BYTES);
    table.writeInt16LE(events, i * ENTRY_BYTES + 4);
  });
  const end = performance.now() + timeoutMs;
  for (;;) {
    const left = timeoutMs === Infinity ? -1 : Math.min(LONGEST_MS, Math.max(0, Math.ceil(end - performance.now())));
    if (poll(table, entries.length, left) >= 0) return entries.map((_, i) => table.readInt16LE(i * ENTRY_BYTES + 6));
    const code = errno();
    if (code === EAGAIN || code === ENOMEM) Atomics.wait(nap, 0, 0, 1);
    else if (code !== EINTR) throw new StateError('ERR_SYSTEM', `cannot wait for descriptors: poll failed with errno ${code}`);
    else if (left === 0) return entries.map(() => 0);
  }
}
