import { writeSync } from 'node:fs';

/** Writes all bytes, however many the system takes at once; says how many they were. */
export function writeAll(file: number, bytes: Uint8Array): number {
  for (let at = 0; at < bytes.length;) at += writeSync(file, bytes, at);
  return bytes.length;
}
