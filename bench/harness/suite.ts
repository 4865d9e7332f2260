/*
 * What is measured. A suite is a list of lines; a line is one thing that is done, by ours and by the others that can do it.
 */

/** One sample, in a process of its own. */
export interface Measured {
  readonly operations: number;
  readonly seconds: number;
  /** Of all threads and children of the process. */
  readonly cpuSeconds: number;
  /** What was measured, when it is no time: bytes of memory. */
  readonly bytes?: number | undefined;
  /** How many times as long as without what is measured. */
  readonly times?: number | undefined;
}

export interface Run {
  /** How often to do it: a number that suits a full run, made smaller in a quick one. */
  readonly count: (full: number) => number;
}

export type Contender = {
  readonly name: string;
  /** Does less than the others, and shows what is possible at all. */ readonly isFloor?: boolean;
} & (
  | { readonly run: (run: Run) => Measured | Promise<Measured>; readonly peer?: string }
  /** A file under `bench/python` or `bench/java`, which gets the name of the case and the scale. */
  | { readonly python: string; readonly what: string }
  | { readonly java: string; readonly what: string }
);

export type Unit = 'ns' | 'µs' | 'ms' | 'k/s' | 'M/s' | 'MB' | '×';

/** What was promised: in the unit of the line, as a multiple of what another contender does, or so much more than its time. */
export type Aim =
  | { readonly value: number }
  | { readonly times: number; readonly of: string }
  | { readonly within: number; readonly of: string };

export interface Line {
  readonly name: string;
  readonly unit: Unit;
  readonly aim?: Aim;
  /** What a time is: that of a clock on the wall, or what the process has computed, for work of one thread that never waits. */
  readonly clock?: 'wall' | 'cpu';
  /** Ours come first, under names that begin with `manycore`. */
  readonly contenders: readonly Contender[];
}

export interface Suite {
  readonly name: string;
  readonly about: string;
  readonly lines: readonly Line[];
}

export const isOurs = ({ name }: { readonly name: string }): boolean => name.startsWith('manycore');

export const moreIsBetter = (unit: Unit): boolean => unit.endsWith('/s');

/** The sample as a number in this unit. */
export function inUnit(unit: Unit, measured: Measured, clock: Line['clock'] = 'wall'): number {
  const { operations, bytes = 0, times = NaN } = measured;
  const seconds = clock === 'cpu' ? measured.cpuSeconds : measured.seconds;
  switch (unit) {
    case 'ns':
      return (seconds / operations) * 1e9;
    case 'µs':
      return (seconds / operations) * 1e6;
    case 'ms':
      return (seconds / operations) * 1e3;
    case 'k/s':
      return operations / seconds / 1e3;
    case 'M/s':
      return operations / seconds / 1e6;
    case 'MB':
      return bytes / 2 ** 20;
    case '×':
      return times;
  }
}
