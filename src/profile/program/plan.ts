import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RawProfile } from '../raw-profile.ts';
import type { Recording } from '../sampler.ts';

/** How a whole program is recorded: what its threads and processes are told by an environment variable. */
export interface Plan {
  /** Where each thread leaves its recordings. Private to the one who asks for the profile. */
  readonly folder: string;
  readonly mode: Recording | 'exact';
  /** Microseconds between two samples. */
  readonly interval?: number | undefined;
}

const VARIABLE = 'MANYCORE_PROFILE';

export function planOf(environment: NodeJS.ProcessEnv): Plan | null {
  const text = environment[VARIABLE];
  return text === undefined || text === '' ? null : (JSON.parse(text) as Plan);
}

/** The environment of a program that is to be recorded, with everything that it starts. */
export function environmentFor(plan: Plan, environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const preload = `--import=${new URL('./preload.js', import.meta.url).href}`;
  const { NODE_OPTIONS = '' } = environment;
  return { ...environment, [VARIABLE]: JSON.stringify(plan), NODE_OPTIONS: `${NODE_OPTIONS} ${preload}`.trim() };
}

/** The environment of a thread that is not to be recorded. */
export const withoutPlan = (environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv => ({ ...environment, [VARIABLE]: '' });

/** What the threads of the program have left, in the order in which they began. */
export function recordingsIn(folder: string): RawProfile[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as RawProfile)
    .toSorted((a, b) => a.startUs - b.startUs);
}
