import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { StateError } from '../../base/errors.ts';
import type { ChannelTimes } from './channel.ts';

/** What a node manager has to know to find its driver and prove itself: a file that only its user can read. */
export interface RunFile extends ChannelTimes {
  /** Of the package: both sides have to be the same. */
  readonly version: string;
  /** The run: a name that nobody else has. */
  readonly run: string;
  /** 32 bytes, in hexadecimal. */
  readonly secret: string;
  /** Where the driver may be reached, the likeliest first. */
  readonly hosts: readonly string[];
  readonly port: number;
  readonly cwd: string;
  readonly argv: readonly string[];
  /** The URL of the program's main module. */
  readonly main: string;
  /** How long a manager looks for a driver that it has lost before it ends. */
  readonly orphanTimeout: number;
  /** Another program may take the run up: the driver is looked for until then, also where nobody listens any more. */
  readonly outlives: boolean;
  /** The process of the driver, and its machine. */
  readonly pid: number;
  readonly machine: string;
}

export const newSecret = (): string => randomBytes(32).toString('hex');

/** Writes the file, and the folder that it lies in, for nobody else to read. */
export function writeRunFile(path: string, file: RunFile): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  writeFileSync(path, JSON.stringify(file), { mode: 0o600 });
  chmodSync(path, 0o600); // The file may have been there.
}

/** Reads it. `StateError` when it is not there, or when others could have read it. */
export function readRunFile(path: string): RunFile {
  let text: string;
  try {
    const { mode } = statSync(path);
    if ((mode & 0o077) !== 0)
      throw new StateError(
        'ERR_RUN_FILE',
        `${path} holds the secret of a run and must not be readable to others: its mode is ${(mode & 0o777).toString(8)}`,
      );
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    if (cause instanceof StateError) throw cause;
    throw new StateError(
      'ERR_RUN_FILE',
      `the run's file ${path} can't be read here: ${(cause as Error).message}. It has to lie in a folder that all nodes see: name one as \`directory\``,
      { cause },
    );
  }
  return JSON.parse(text) as RunFile;
}

/** Removes the folder of a run whose driver is lost for good: only if it is still that run's. Never throws. */
export function removeRun(path: string, { secret }: RunFile): void {
  try {
    if (readRunFile(path).secret === secret) rmSync(dirname(path), { recursive: true, force: true });
  } catch {
    // Another node was faster, or it is not to be removed from here.
  }
}
