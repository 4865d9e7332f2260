/** Microseconds as a column of seconds. */
export const seconds = (us: number): string => (us / 1e6).toFixed(3).padStart(9);
