import { isAbsolute, relative } from 'node:path';

/** A path as seen from the folder of this process, when it lies below that; itself otherwise. */
export function nearby(path: string): string {
  if (!isAbsolute(path)) return path;
  const below = relative(process.cwd(), path);
  return below.startsWith('..') ? path : below;
}
