/**
 * What SIGINT does in a child that nobody there has told otherwise: it ends with code 1, after its listeners for `exit`. Whoever listens to the
 * signal as well, by whatever way, decides in its place.
 */
export function endOnInterrupt(): void {
  if (process.listenerCount('SIGINT') === 1) process.exit(1);
}
