import { readFileSync } from 'node:fs';
import { findSourceMap, SourceMap, type SourceMapPayload } from 'node:module';
import { pathToFileURL } from 'node:url';

/*
 * Where something stands in the file that was written, when what V8 runs was made from it: Node knows the map of a script when
 * it runs with source maps; otherwise the script says where its map is.
 */
export interface Place {
  readonly url: string;
  readonly line: number;
  readonly column: number;
  /** The line itself, when the map or a file has it. */
  readonly text?: string | undefined;
}

const maps = new Map<string, SourceMap | undefined>();

export function originalPlace(url: string, source: string, line: number, column: number): Place | null {
  if (url === '') return null;
  if (!maps.has(url)) maps.set(url, findSourceMap(url) ?? readMap(url, source));
  const map = maps.get(url);
  const entry = map?.findEntry(line - 1, column - 1);
  if (entry === undefined || !('originalSource' in entry) || typeof entry.originalSource !== 'string') return null;
  const original = new URL(entry.originalSource, asUrl(url)).href;
  return { url: original, line: entry.originalLine + 1, column: entry.originalColumn + 1, text: lineOf(original, entry.originalLine, map) };
}

function readMap(url: string, source: string): SourceMap | undefined {
  const named = /^\/\/[#@] sourceMappingURL=(\S+)\s*$/m.exec(source.slice(source.lastIndexOf('//# sourceMappingURL=')))?.[1];
  if (named === undefined) return undefined;
  try {
    const at = new URL(named, asUrl(url));
    const text = at.protocol === 'data:' ? Buffer.from(at.pathname.replace(/^[^,]*,/, ''), 'base64').toString() : readFileSync(at, 'utf8');
    return new SourceMap(JSON.parse(text) as SourceMapPayload);
  } catch {
    return undefined; // Without a map, the place in what runs has to do.
  }
}

function lineOf(url: string, line: number, map: SourceMap | undefined): string | undefined {
  try {
    const { sources, sourcesContent } = map!.payload;
    const text = sources.length === 1 && sourcesContent?.[0] ? sourcesContent[0] : readFileSync(new URL(url), 'utf8');
    return text.split(/\r\n|[\n\r]/)[line];
  } catch {
    return undefined;
  }
}

const asUrl = (url: string): string => (url.startsWith('/') ? pathToFileURL(url).href : url);
