import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { RecordReader } from '../../channel/records.ts';

/** What is known of one item's end: how (a kind of result), and the message. */
export type OnResult = (item: number, kind: number, body: Buffer) => void;

/** Reads the results in a file. One that was cut off is read as far as it is whole. */
export function readResults(path: string, onResult: OnResult): void {
  const reader = new RecordReader((_code, item, kind, body) => onResult(item, kind, body));
  reader.push(readFileSync(path));
}

/** The files with results of an element, or of all: those that are whole, and those that are not. */
export function resultFiles(folder: string, element?: number): string[] {
  const results = join(folder, 'results');
  if (!existsSync(results)) return [];
  return readdirSync(results)
    .filter((name) => !name.endsWith('.new') && (element === undefined || name.startsWith(`${element}-`)))
    .map((name) => join(results, name));
}

/** Has the folder looked at anew: what is known of it may be a minute old (NFS), until something is changed in it from here. */
export function refreshResults(folder: string): void {
  const probe = join(folder, 'results', `look-${process.pid}.new`);
  try {
    writeFileSync(probe, '');
    rmSync(probe, { force: true });
  } catch {
    // It has been removed, or may not be written to.
  }
}
