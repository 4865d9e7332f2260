const { hrtime } = process;

/**
 * Milliseconds on a clock that only goes forward, and is one for all threads: Python's `time.monotonic`. As quick as that of `performance`, which
 * Node loads when a thread first uses it: for most of a millisecond, where a first task waits for it.
 */
export function monotonic(): number {
  const [seconds, nanoseconds] = hrtime();
  return seconds * 1000 + nanoseconds / 1e6;
}
