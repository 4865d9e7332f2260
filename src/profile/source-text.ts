import { readFileSync } from 'node:fs';
import { SourceMap } from 'node:module';
import { dirname, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { LoadedMap } from './raw-profile.ts';

/** A place in a source file, as people count: lines from 1. */
export interface Place {
  readonly file: string;
  readonly line: number;
}

/** The text of a script as it runs, and the way back to the file that somebody wrote. */
export class SourceText {
  readonly text: string | null;
  readonly #file: string;
  readonly #map: SourceMap | null;
  readonly #mapUrl: string;
  readonly #lineStarts: readonly number[];

  private constructor(url: string, loaded?: LoadedMap) {
    this.#file = url.startsWith('file:') ? fileURLToPath(url.split('?')[0]!) : url;
    const starts = [0];
    this.#lineStarts = starts;
    if (loaded !== undefined) {
      this.text = null;
      this.#map = new SourceMap(loaded.payload);
      this.#mapUrl = pathToFileURL(this.#file).href;
      for (const length of loaded.lineLengths) starts.push(starts.at(-1)! + length + 1);
      return;
    }
    this.text = readText(this.#file);
    const mapped = this.text === null ? null : readMap(this.text, this.#file);
    this.#map = mapped?.map ?? null;
    this.#mapUrl = mapped?.url ?? '';
    for (let at = this.text?.indexOf('\n') ?? -1; at >= 0; at = this.text!.indexOf('\n', at + 1)) starts.push(at + 1);
  }

  static readonly #known = new Map<string, SourceText>();

  static of(url: string): SourceText {
    let source = SourceText.#known.get(url);
    if (source === undefined) SourceText.#known.set(url, (source = new SourceText(url)));
    return source;
  }

  /** Says how a script was made that only existed in the memory of a program. */
  static learn(url: string, loaded: LoadedMap): void {
    SourceText.#known.set(url, new SourceText(url, loaded));
  }

  /** The line, from 0, that holds the character at `offset`. */
  lineAt(offset: number): number {
    const starts = this.#lineStarts;
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (starts[middle]! <= offset) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  /** Whether nothing tells where its lines are. */
  get isUnknown(): boolean {
    return this.text === null && this.#lineStarts.length === 1;
  }

  columnAt(offset: number): number {
    return offset - this.#lineStarts[this.lineAt(offset)]!;
  }

  /** Where that line, from 0, and column were written. */
  origin(line: number, column: number): Place {
    const entry = line < 0 ? undefined : this.#map?.findEntry(line, Math.max(0, column));
    if (entry === undefined || !isMapped(entry)) return { file: this.#file, line: line + 1 };
    const source = new URL(entry.originalSource, this.#mapUrl);
    return { file: source.protocol === 'file:' ? fileURLToPath(source) : entry.originalSource, line: entry.originalLine + 1 };
  }
}

interface Mapped {
  readonly originalSource: string;
  readonly originalLine: number;
}

/** A place that no source stands for has an entry without a source. */
function isMapped(entry: object): entry is Mapped {
  return typeof (entry as Partial<Mapped>).originalSource === 'string';
}

function readText(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null; // Code without a file: its places stay as V8 tells them.
  }
}

function readMap(text: string, file: string): { readonly map: SourceMap; readonly url: string } | null {
  const reference = [...text.matchAll(/^\/\/[#@] sourceMappingURL=(\S+)\s*$/gm)].at(-1)?.[1];
  if (reference === undefined) return null;
  try {
    if (reference.startsWith('data:')) {
      const json = Buffer.from(reference.slice(reference.indexOf(',') + 1), 'base64').toString();
      return { map: new SourceMap(JSON.parse(json) as never), url: pathToFileURL(file).href };
    }
    const path = resolve(dirname(file), decodeURIComponent(reference));
    return { map: new SourceMap(JSON.parse(readFileSync(path, 'utf8')) as never), url: pathToFileURL(path).href };
  } catch {
    return null; // A map that is gone or broken: the places of the script itself are still right.
  }
}
