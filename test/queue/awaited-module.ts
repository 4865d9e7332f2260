/* A module that has to be awaited: what needs it can't be made at once. */
await Promise.resolve();

export function doubled(x: number): number {
  return 2 * x;
}
