import { createReadStream, existsSync, readFileSync, statSync } from 'node:fs';
import { UsageError } from '../usage-error.ts';
import { linesOf } from './lines.ts';

/** What is mapped over. */
export interface Inputs {
  /** What a journal knows it by: its kind and the word that named it. */
  readonly name: string;
  /** How many there are; Infinity when nobody knows before the end. */
  readonly total: number;
  /** The input at this place, where that is known from the start. */
  readonly at: ((index: number) => unknown) | null;
  /** All of them, in pages: a page is what is there at once. */
  pages(): AsyncIterable<readonly unknown[]>;
  /** A text that changes with what an input stands for: a file with its content. */
  readonly stampOf: ((input: unknown) => string) | null;
}

export const KINDS = ['paths', 'lines', 'json', 'ndjson', 'range'] as const;
export type Kind = (typeof KINDS)[number];

/** The inputs could not be read to their end. */
export class InputError extends Error {
  override readonly name = 'InputError';
  readonly code = 'ERR_INPUT';
}

const RANGE = /^(?<from>-?\d+)\.\.(?<to>-?\d+)(?:\.\.(?<step>-?\d+))?$/;
const PAGE = 1024;

/** What a word of the command line stands for, if it is not said. */
function kindOf(word: string): Kind {
  if (word === '-') return 'lines';
  if (RANGE.test(word)) return 'range';
  const isPattern = /[*?[\]{}!]/.test(word);
  if (!isPattern && /\.(?:ndjson|jsonl)$/.test(word)) return 'ndjson';
  if (!isPattern && word.endsWith('.json')) return 'json';
  return 'paths';
}

export async function inputsOf(word: string, as: string | undefined, isNull: boolean): Promise<Inputs> {
  if (as !== undefined && !(KINDS as readonly string[]).includes(as))
    throw new UsageError(`--as must be one of ${KINDS.join(', ')}: got ${as}`);
  const kind = (as as Kind | undefined) ?? kindOf(word);
  if (isNull && kind !== 'lines') throw new UsageError(`--null is for lines: --over ${word} names ${kind}`);
  const name = `${kind} ${word}`;
  if (kind === 'range') return range(word, name);
  if (kind === 'paths') return paths(word, name);
  if (word !== '-' && !existsSync(word)) throw new UsageError(`there is no file ${word} to read ${kind} from`);
  if (kind === 'json') return list(jsonList(word), name);
  const stream = (): AsyncIterable<Buffer> => (word === '-' ? process.stdin : createReadStream(word)) as AsyncIterable<Buffer>;
  const pages = (): AsyncIterable<readonly unknown[]> =>
    kind === 'ndjson' ? parsed(linesOf(stream()), word) : linesOf(stream(), isNull ? '\0' : '\n');
  return { name, total: Infinity, at: null, pages, stampOf: null };
}

function list(items: readonly unknown[], name: string, stampOf: Inputs['stampOf'] = null): Inputs {
  async function* pages(): AsyncGenerator<readonly unknown[], void, void> {
    for (let i = 0; i < items.length; i += PAGE) yield items.slice(i, i + PAGE);
  }
  return { name, total: items.length, at: (index) => items[index], pages, stampOf };
}

/** As Python's `range`: the end is not part of it. */
function range(word: string, name: string): Inputs {
  const { from, to, step = '1' } = RANGE.exec(word)?.groups ?? {};
  const [first, end, by] = [Number(from), Number(to), Number(step)];
  if (![first, end, by].every(Number.isSafeInteger))
    throw new UsageError(`a range is written 0..1000 or 0..1000..10, in whole numbers: got ${word}`);
  if (by === 0) throw new UsageError(`the step of a range must not be 0: got ${word}`);
  const total = Math.max(0, Math.ceil((end - first) / by));
  async function* pages(): AsyncGenerator<readonly unknown[], void, void> {
    for (let i = 0; i < total; i += PAGE) yield Array.from({ length: Math.min(PAGE, total - i) }, (_, j) => first + (i + j) * by);
  }
  return { name, total, at: (index) => first + index * by, pages, stampOf: null };
}

async function paths(pattern: string, name: string): Promise<Inputs> {
  const { glob } = await import('tinyglobby');
  const found = await glob(pattern, { expandDirectories: false, dot: false });
  if (found.length === 0) throw new UsageError(`no file matches ${pattern}`);
  // The same order in every run, on every machine.
  return list(found.toSorted(), name, (path) => {
    const { size, mtimeMs } = statSync(path as string, { throwIfNoEntry: false }) ?? { size: -1, mtimeMs: 0 };
    return `${size}-${Math.round(mtimeMs)}`;
  });
}

function jsonList(word: string): readonly unknown[] {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(word === '-' ? 0 : word, 'utf8'));
  } catch (error) {
    throw new UsageError(`${word} can't be read as JSON: ${(error as Error).message}`, { cause: error });
  }
  if (!Array.isArray(value))
    throw new UsageError(`${word} must hold a list, whose elements are the inputs: got ${value === null ? 'null' : typeof value}`);
  return value;
}

/** Each line a value; empty ones are none. */
async function* parsed(pages: AsyncIterable<readonly string[]>, word: string): AsyncGenerator<unknown[], void, void> {
  let number = 0;
  for await (const page of pages) {
    const values: unknown[] = [];
    let failure: InputError | null = null;
    for (const line of page) {
      number++;
      if (line.trim() === '') continue;
      try {
        values.push(JSON.parse(line));
      } catch (cause) {
        const place = word === '-' ? 'of stdin' : `of ${word}`;
        failure = new InputError(`line ${number} ${place} is no JSON: ${(cause as Error).message}`, { cause });
        break;
      }
    }
    yield values;
    if (failure !== null) throw failure;
  }
}
