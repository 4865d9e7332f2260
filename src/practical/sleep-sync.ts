const never = new Int32Array(new SharedArrayBuffer(4));

/** Blocks this thread for so many milliseconds. */
export function sleepSync(ms: number): void {
  Atomics.wait(never, 0, 0, ms);
}
