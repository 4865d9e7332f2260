/* What the closures of the suite take along by reference: functions that a module exports. */
export const helperSum = (list: readonly number[]): number => list.reduce((a, b) => a + b, 0);
export const scaled = (x: number, factor: number): number => x * factor;
