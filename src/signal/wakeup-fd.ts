import { constants, fstatSync, readFileSync, writeSync } from 'node:fs';
import { OutOfRangeError, StateError } from '../base/errors.ts';
import { mainThreadOnly, wakeup } from './arrivals.ts';

/** What is done when the descriptor takes no more. */
export interface WakeupOptions {
  /** Warns when a byte is lost because the descriptor takes no more; on when left out. */
  readonly warnOnFullBuffer?: boolean | undefined;
}

let current = -1;

/**
 * Has the number of each signal that has a handler written to a descriptor when it comes, as one byte; -1: to none. Gives the
 * descriptor before. `StateError` for one that is not in non-blocking mode, as far as the system tells: a full one would stop the
 * main thread. `signals()` is easier. Main thread only.
 */
export function setWakeupFd(fd: number, { warnOnFullBuffer = true }: WakeupOptions = {}): number {
  mainThreadOnly('setWakeupFd()');
  if (!Number.isInteger(fd) || fd < -1) {
    throw new OutOfRangeError('ERR_DESCRIPTOR', `a descriptor is an integer from 0 on, or -1 for none: got ${String(fd)}`);
  }
  if (fd !== -1) {
    fstatSync(fd); // Throws for one that is not open.
    if (isBlocking(fd))
      throw new StateError('ERR_BLOCKING_DESCRIPTOR', `setWakeupFd: descriptor ${fd} blocks when it is full; open it with O_NONBLOCK`);
  }
  const before = current;
  current = fd;
  wakeup.write = fd === -1 ? null : (number) => write(fd, number, warnOnFullBuffer);
  return before;
}

/** False too where the system does not say. */
function isBlocking(fd: number): boolean {
  try {
    const flags = /^flags:\s*(\d+)/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'latin1'))?.[1];
    return flags !== undefined && (Number.parseInt(flags, 8) & constants.O_NONBLOCK) === 0;
  } catch {
    return false;
  }
}

function write(fd: number, number: number, warnOnFullBuffer: boolean): void {
  try {
    writeSync(fd, Uint8Array.of(number));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EAGAIN' && !warnOnFullBuffer) return;
    process.emitWarning(
      `signal ${number} could not be written to the wake-up descriptor ${fd}: ${code === 'EAGAIN' ? 'it is full' : code}`,
    );
  }
}
