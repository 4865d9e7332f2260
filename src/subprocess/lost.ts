import { closeSync } from 'node:fs';

/*
 * A pipe that nobody has read, given away or closed, and that nobody can reach any more, holds a descriptor for nothing: it
 * is closed when the object is collected, as Python does.
 */
export interface Held {
  /** -1: it is somebody else's now, or closed. */
  fd: number;
}

const lost = new FinalizationRegistry((held: Held) => {
  if (held.fd >= 0) closeSync(held.fd);
});

/** Closes the descriptor when `owner` is lost, unless it is taken from `Held` before. */
export function closeWhenLost(owner: object, source: unknown): Held {
  const held = { fd: typeof source === 'number' ? source : -1 };
  if (held.fd >= 0) lost.register(owner, held);
  return held;
}
