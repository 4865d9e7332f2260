import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** How a whole program is recorded: what its threads and processes are told by an environment variable. */
export interface Plan {
  /** Where each thread leaves its recordings. Private to the one who asks for them. */
  readonly folder: string;
  /** The module, by its URL, whose `recorderOf(options)` gives what records a thread. */
  readonly recorder: string;
  /** What that is told. */
  readonly options: unknown;
}

/** Who records a thread. The recording comes in pieces. */
export interface Recorder {
  start(): void;
  /** What has been recorded since the last time: a value that JSON can hold. It goes on, unless this piece `isLast`. */
  take(lane: string, isLast: boolean): unknown;
  /** The names of the threads that this worker has carried, in their order. */
  readonly carried: readonly string[];
}

const VARIABLE = 'MANYCORE_RECORDING';

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

/** What the threads of the program have left. */
export function recordingsIn(folder: string): unknown[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as unknown);
}
