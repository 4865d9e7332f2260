import { closeSync, fsyncSync, openSync, readFileSync, renameSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { StateError } from '../../../base/errors.ts';
import { writeAll } from '../../../host/thread/output.ts';
import type { LaunchPlan } from '../link/plan.ts';

/*
 * A run of an array lies in a folder that all nodes see, and outlives the program:
 *
 *   manifest.json      this
 *   function           the function, as a message
 *   input              the items, as records: `id` is the item's number, the body a message
 *   results/E-A        what attempt A of element E has done, as records: whole, or not there
 *   results/E-A.part   the same while it goes on: whole records up to where it was cut off
 *   log/E-A            what it has printed
 *   checkpoints/I      what a task for item I has kept for its next attempt
 */
export interface Manifest {
  readonly version: string;
  /** A name that nobody else has; jobs carry it. */
  readonly run: string;
  readonly items: number;
  /** How many elements may run at once; `null` for all. */
  readonly parallel: number | null;
  /** Where each element's items begin in `input`, and how many they are. */
  readonly elements: readonly ElementPlan[];
  readonly cwd: string;
  readonly argv: readonly string[];
  readonly main: string;
  readonly launch: LaunchPlan;
  /** How often an element is submitted again that its node, or its time, has ended. */
  readonly resubmits: number;
  /** The jobs that have been asked for: each is an attempt at some of the elements. */
  readonly attempts: readonly Attempt[];
}

export interface ElementPlan {
  readonly from: number;
  readonly items: number;
  readonly offset: number;
  readonly bytes: number;
}

export interface Attempt {
  /** `null` for local processes. */
  readonly job: string | null;
  /** What its jobs are known by: numbers are given out twice. */
  readonly mark: string;
  readonly elements: readonly number[];
}

/** Writes a file so that it is there whole or not at all, also after a power cut. */
export function writeWhole(path: string, bytes: Uint8Array | string): void {
  const temporary = `${path}.new`;
  const fd = openSync(temporary, 'w', 0o600);
  try {
    writeAll(fd, Buffer.from(bytes));
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  renameSync(temporary, path);
  syncFolder(dirname(path));
}

export function syncFolder(path: string): void {
  const fd = openSync(path, 'r');
  try {
    fsyncSync(fd);
  } catch {
    // Some file systems know no such thing.
  } finally {
    closeSync(fd);
  }
}

export const manifestPath = (folder: string): string => join(folder, 'manifest.json');
export const writeManifest = (folder: string, manifest: Manifest): void => writeWhole(manifestPath(folder), JSON.stringify(manifest));

export function readManifest(folder: string): Manifest {
  try {
    return JSON.parse(readFileSync(manifestPath(folder), 'utf8')) as Manifest;
  } catch (cause) {
    throw new StateError('ERR_NO_ARRAY', `${folder} holds no run of an array: ${(cause as Error).message}`, { cause });
  }
}
