import { once } from 'node:events';
import type { Writable } from 'node:stream';
import { nearby } from '../../profile/nearby.ts';
import type { Slot } from './belt.ts';
import { isFailure, type Failure, type Outcome } from './outcome.ts';

const PIECE = 32_768;

/** Writes results to stdout, no faster than somebody reads them, and failures to stderr. */
export class Results {
  readonly #isJson: boolean;
  readonly #out: Writable;
  #text = '';
  #isFlushing = false;
  failed = 0;

  constructor(isJson: boolean, out: Writable) {
    this.#isJson = isJson;
    this.#out = out;
  }

  /** Resolves when there is room for more. */
  async add({ input, outcome }: Pick<Slot, 'input'> & { readonly outcome: Outcome }): Promise<void> {
    if (isFailure(outcome)) {
      this.failed++;
      this.#complain(input, outcome);
    }
    const line = this.#isJson ? jsonLine(input, outcome) : plainLine(outcome);
    if (line === null) return;
    this.#text += `${line}\n`;
    if (this.#text.length >= PIECE) return this.flush();
    if (this.#isFlushing) return;
    // What comes at once is written at once.
    this.#isFlushing = true;
    setImmediate(() => {
      this.#isFlushing = false;
      void this.flush();
    });
  }

  /** Resolves when the reader has taken what was added, but for what fits into the stream's memory. */
  async flush(): Promise<void> {
    const text = this.#text;
    this.#text = '';
    if (text === '' || this.#out.destroyed || this.#out.write(text)) return;
    await Promise.race([once(this.#out, 'drain'), once(this.#out, 'close')]).catch(() => {});
  }

  /** Resolves when all has been written. */
  async end(): Promise<void> {
    await this.flush();
    if (this.#out.writableLength > 0 && !this.#out.destroyed) await new Promise<void>((resolve) => this.#out.write('', () => resolve()));
  }

  #complain(input: unknown, { name, message, where }: Failure): void {
    const at = where === '' ? '' : `\n    at ${nearPlace(where)}`;
    console.error(`manycore: input ${JSON.stringify(input)} failed: ${name}: ${message}${at}`);
  }
}

/** A string stands as it is, anything else as JSON; a function that gave nothing prints nothing. */
function plainLine(outcome: Outcome): string | null {
  if (isFailure(outcome) || outcome.json === undefined) return null;
  return outcome.json.startsWith('"') ? (JSON.parse(outcome.json) as string) : outcome.json;
}

function jsonLine(input: unknown, outcome: Outcome): string {
  const start = `{"input":${JSON.stringify(input)}`;
  if (!isFailure(outcome)) return `${start},"result":${outcome.json ?? 'null'}}`;
  const { name, message, code, where, stack } = outcome;
  return `${start},"error":${JSON.stringify({ name, message, code, where: nearPlace(where), stack })}}`;
}

const nearPlace = (where: string): string => where.replace(/^(.*?)(:\d+:\d+)$/, (_, path: string, place: string) => nearby(path) + place);
