import type { Readable } from 'node:stream';

/*
 * Node throws away what a command has left in its output, when it has ended and nobody has begun to read. Somebody who only looks prevents
 * that; who reads takes his place.
 */
const look = (): void => {};

export function keepUnread(output: Readable | null): void {
  output?.on('readable', look);
}

export function readKept(output: Readable, take: (chunk: Buffer) => void): void {
  output.off('readable', look);
  output.on('data', take);
  output.resume();
}
