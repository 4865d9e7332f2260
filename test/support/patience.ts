/** Named delays, for tests that must let real time pass; scaled by MANYCORE_PATIENCE on slow machines. */
const factor = Number(process.env['MANYCORE_PATIENCE'] ?? 1);

export const SHORT: number = 50 * factor;
export const MEDIUM: number = 500 * factor;
export const LONG: number = 10_000 * factor;
