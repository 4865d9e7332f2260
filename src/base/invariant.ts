/** Our bug, not the caller's: the message names the state that should not be. */
export class InvariantError extends Error {
  override readonly name = 'InvariantError';
  readonly code = 'ERR_INTERNAL';
}

/** Checks the cheap half of an invariant. */
export function invariant(condition: unknown, message: string): asserts condition {
  if (!condition) throw new InvariantError(`this is a bug in manycore: ${message}`);
}
