import { readdirSync } from 'node:fs';
import { join } from 'node:path';

/** The files below a folder whose names end so, largest folders included but `node_modules` only when it is asked for itself. */
export function filesBelow(folder: string, ending: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith(ending) && !file.includes('node_modules'))
    .map((file) => join(folder, file))
    .toSorted();
}
