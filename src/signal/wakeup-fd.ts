import { fstatSync, writeSync } from 'node:fs';
import { OutOfRangeError } from '../base/errors.ts';
import { mainThreadOnly, wakeup } from './arrivals.ts';

let current = -1;

/**
 * Has the number of each signal that has a handler written to a descriptor when it comes, as one byte; -1: to none. Gives the
 * descriptor before. It should be non-blocking; when it is full, the byte is lost. `signals()` is easier. Main thread only.
 */
export function setWakeupFd(fd: number): number {
  mainThreadOnly('setWakeupFd()');
  if (!Number.isInteger(fd) || fd < -1) {
    throw new OutOfRangeError('ERR_DESCRIPTOR', `a descriptor is an integer from 0 on, or -1 for none: got ${String(fd)}`);
  }
  if (fd !== -1) fstatSync(fd); // Throws for one that is not open.
  const before = current;
  current = fd;
  wakeup.write = fd === -1 ? null : (number) => write(fd, number);
  return before;
}

function write(fd: number, number: number): void {
  try {
    writeSync(fd, Uint8Array.of(number));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'EAGAIN') process.emitWarning(`signal ${number} could not be written to the wake-up descriptor ${fd}: ${code}`);
  }
}
