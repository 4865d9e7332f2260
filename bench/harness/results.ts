import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Machine } from './machine.ts';
import { sources } from './outside.ts';
import type { Summary } from './statistics.ts';
import type { Aim, Unit } from './suite.ts';

export interface ContenderResult {
  readonly name: string;
  readonly isFloor: boolean;
  /** In the unit of the line; empty when it could not be measured. */
  readonly samples: readonly number[];
  readonly value: Summary;
  /** CPU time of all threads for one operation, in microseconds. */
  readonly cpuMicroseconds: Summary;
  /** How many times as good the first of ours was, in the same round; the median over all rounds. */
  readonly oursIsBetterBy: number | null;
  readonly failure: string | null;
}

export interface LineResult {
  readonly name: string;
  readonly unit: Unit;
  readonly aim: Aim | null;
  readonly contenders: readonly ContenderResult[];
}

export interface SuiteResult {
  readonly name: string;
  readonly about: string;
  readonly machine: Machine;
  readonly rounds: number;
  readonly quick: boolean;
  /** The load average at the beginning and at the end: our own part of it included. */
  readonly load: readonly [number, number];
  readonly lines: readonly LineResult[];
}

const FOLDER = join(sources, 'results');

export function saveResult(result: SuiteResult, folder: string = FOLDER): string {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `${result.name}.json`);
  writeFileSync(file, `${JSON.stringify(result, null, 2)}\n`);
  return file;
}

/** What was saved of these suites. */
export function savedResults(suites: readonly string[], folder: string = FOLDER): SuiteResult[] {
  return suites.flatMap((suite) => {
    try {
      return JSON.parse(readFileSync(join(folder, `${suite}.json`), 'utf8')) as SuiteResult;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
      throw error;
    }
  });
}
