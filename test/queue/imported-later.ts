/* A module that nobody but a thread has imported when a function of it arrives. */
export function tripledLater(x: number): number {
  return 3 * x;
}
