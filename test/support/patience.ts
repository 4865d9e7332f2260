/** Named delays, for tests that must let real time pass; scaled by MANYCORE_PATIENCE on slow machines. */
const factor = Number(process.env['MANYCORE_PATIENCE'] ?? 1);

export const SHORT: number = 50 * factor;
export const MEDIUM: number = 500 * factor;
/** Nothing that works as it should waits so long: where a test gives up. */
export const LONG: number = 60_000 * factor;
