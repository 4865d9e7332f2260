import { createHash } from 'node:crypto';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, relative, resolve } from 'node:path';

const SPECIFIER = /\b(?:from|import|require)\s*\(?\s*['"](\.{1,2}\/[^'"\n]+)['"]/g;
const OTHER_NAMES = ['', '.ts', '.mts', '.cts', '.tsx', '.js', '.mjs', '.cjs', '.json', '/index.ts', '/index.js'];

/** The file that a specifier stands for, as Node or a compiler finds it: `./a.js` may be `./a.ts`. `null`: there is none. */
export function localFile(specifier: string, from: string): string | null {
  const base = resolve(dirname(from), specifier.replace(/[?#].*$/, ''));
  const candidates = [...OTHER_NAMES.map((end) => base + end), base.replace(/\.([cm]?)jsx?$/, '.$1ts'), base.replace(/\.jsx?$/, '.tsx')];
  return candidates.find((path) => existsSync(path) && statSync(path).isFile()) ?? null;
}

/** A module's file and all that it imports by relative names, with their texts. */
export function sourceFiles(entry: string): Map<string, string> {
  const files = new Map<string, string>();
  const open = [entry];
  for (let file = open.pop(); file !== undefined; file = open.pop()) {
    if (files.has(file)) continue;
    const text = readFileSync(file, 'utf8');
    files.set(file, text);
    for (const [, specifier] of text.matchAll(SPECIFIER)) {
      const found = localFile(specifier!, file);
      if (found !== null) open.push(found);
    }
  }
  return files;
}

/** What the source files of a function hold: name, as seen from this folder, and a digest. */
export function digestsOf(entry: string, folder: string): Record<string, string> {
  const digests = [...sourceFiles(entry)].map(([path, text]): [string, string] => [relative(folder, path), digest(text)]);
  return Object.fromEntries(digests.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

export const digest = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 16);
