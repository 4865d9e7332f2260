import { closeSync, fdatasync, fdatasyncSync, fstatSync, ftruncateSync, openSync, readSync, writeSync } from 'node:fs';
import { dirname, relative, resolve } from 'node:path';
import { writeAll } from '../../host/thread/output.ts';
import type { Slot } from './belt.ts';
import type { Inputs } from './inputs.ts';
import { takeJournal } from './journal-lock.ts';
import { type Done, isFailure } from './outcome.ts';
import { digest, digestsOf } from './source-files.ts';

/*
 * What has been done, so that a run that was ended goes on where it was. A file of lines, that only grows:
 *
 *   {"manycore":"map","version":1,"function":"hash.ts#sha256","over":"paths src/*.ts","sources":{"hash.ts":"5e1f…"}}
 *   {"i":0,"d":"9f86…","s":"1201-1764102000000","r":"…"}
 *
 * i: the number of the input; d: a digest of it; s: the stamp of the file that it names; r: the result, absent when there was none. A line is written by
 * one write, as soon as its result has come, and is on the disk within a second. Inputs that failed are not in it: they are tried again.
 */

/** The journal can't be used. */
export class JournalError extends Error {
  override readonly name = 'JournalError';
  readonly code = 'ERR_JOURNAL';
}

const LINE = /^\{"i":(\d+),"d":"([0-9a-f]{16})"(?:,"s":"([^"]*)")?[,}]/;
const BEGINNING = '{"manycore":"map"';
const BLOCK = 1 << 20;
const SYNC_MS = 1000;

export class Journal {
  readonly path: string;
  readonly #inputs: Inputs;
  readonly #fd: number;
  readonly #release: () => void;
  /** Where the line of an input begins, and its length; 0 when there is none: the first line is no input's. */
  #starts = new Float64Array(1024);
  #lengths = new Uint32Array(1024);
  #isDirty = false;
  readonly #timer: NodeJS.Timeout;
  /** How many inputs are done. */
  done = 0;
  /** The number of the last input that it knows of; -1 when there is none. */
  last = -1;

  /** Throws `JournalError`. `entry` is the file of the function. */
  constructor(path: string, inputs: Inputs, entry: string, name: string, acceptsChanges: boolean) {
    this.path = path;
    this.#inputs = inputs;
    this.#fd = this.#open();
    const taken = takeJournal(path, this.#fd);
    if ('holder' in taken) {
      closeSync(this.#fd);
      const who = taken.holder === null ? 'another run' : `another run, process ${taken.holder},`;
      throw new JournalError(`${who} writes ${path} now: wait for its end, or give this one a journal of its own`);
    }
    this.#release = taken.release;
    try {
      const folder = dirname(resolve(path));
      const header: Header = {
        manycore: 'map',
        version: 1,
        function: `${relative(folder, entry)}#${name}`,
        over: inputs.name,
        sources: digestsOf(entry, folder),
      };
      this.#read(header, acceptsChanges);
    } catch (error) {
      this.#letGo();
      throw error;
    }
    this.#timer = setInterval(() => this.#sync(), SYNC_MS).unref();
  }

  #open(): number {
    try {
      return openSync(this.path, 'a+', 0o666);
    } catch (error) {
      throw new JournalError(`the journal ${this.path} can't be opened: ${(error as Error).message}`, { cause: error });
    }
  }

  /** Reads what there is, and takes off what was not written to its end. */
  #read(header: Header, acceptsChanges: boolean): void {
    const block = Buffer.alloc(BLOCK);
    let rest: Buffer = Buffer.alloc(0);
    let [at, number] = [0, 0];
    for (;;) {
      const length = readSync(this.#fd, block, 0, BLOCK, at + rest.length);
      if (length === 0) break;
      const bytes = rest.length === 0 ? Buffer.from(block.subarray(0, length)) : Buffer.concat([rest, block.subarray(0, length)]);
      let from = 0;
      for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, from)) {
        const text = bytes.toString('utf8', from, end);
        if (number++ === 0) this.#checkHeader(text, header, acceptsChanges);
        else this.#readLine(text, number, at + from, end - from);
        from = end + 1;
      }
      at += from;
      rest = bytes.subarray(from);
    }
    if (number === 0) {
      const text = rest.toString('utf8');
      const isTorn = text.startsWith(BEGINNING) || BEGINNING.startsWith(text);
      if (!isTorn) throw this.#noJournal();
      ftruncateSync(this.#fd, 0);
      writeSync(this.#fd, `${JSON.stringify(header)}\n`);
    } else if (fstatSync(this.#fd).size > at) ftruncateSync(this.#fd, at);
  }

  #noJournal(): JournalError {
    return new JournalError(`${this.path} is no journal of manycore map: it is left as it is; give --resume another name`);
  }

  #checkHeader(text: string, now: Header, acceptsChanges: boolean): void {
    const was = parsed(text) as Partial<Header> | undefined;
    if (was?.manycore !== 'map' || was.sources === undefined) throw this.#noJournal();
    if (was.version !== now.version) throw new JournalError(`${this.path} was written by another version of manycore, in another form`);
    const anew = `remove it to begin anew, or give --resume another name`;
    if (was.function !== now.function) throw new JournalError(`${this.path} belongs to ${was.function}, not to ${now.function}: ${anew}`);
    if (was.over !== now.over) throw new JournalError(`${this.path} was begun over other inputs, ${was.over}, not ${now.over}: ${anew}`);
    const names = new Set([...Object.keys(was.sources), ...Object.keys(now.sources)]);
    const changed = [...names].filter((name) => was.sources![name] !== now.sources[name]);
    if (changed.length > 0 && !acceptsChanges)
      throw new JournalError(
        `${changed.join(', ')} changed since ${this.path} was begun, and its results may be others now: ${anew}; --accept-changes goes on with it`,
      );
  }

  #readLine(text: string, number: number, at: number, length: number): void {
    const [, i, d] = LINE.exec(text) ?? [];
    if (i === undefined || parsed(text) === undefined)
      throw new JournalError(`line ${number} of ${this.path} is damaged: remove that line, and what it stood for is done again`);
    const index = Number(i);
    const { at: inputAt, total } = this.#inputs;
    if (index >= total) throw this.#fewer(index, total);
    if (inputAt !== null && d !== digestOf(inputAt(index))) throw this.#other(index, inputAt(index));
    this.#note(index, at, length);
  }

  #fewer(index: number, count: number): JournalError {
    return new JournalError(`${this.path} was begun over other inputs: it has a result of input ${index + 1}, and there are ${count} now`);
  }

  #other(index: number, input: unknown): JournalError {
    const now = JSON.stringify(input).slice(0, 80);
    return new JournalError(
      `${this.path} was begun over other inputs: input ${index + 1} was another one than ${now}. Remove it to begin anew`,
    );
  }

  #note(index: number, at: number, length: number): void {
    if (index >= this.#starts.length) {
      const size = Math.max(index + 1, this.#starts.length * 2);
      const [starts, lengths] = [new Float64Array(size), new Uint32Array(size)];
      starts.set(this.#starts);
      lengths.set(this.#lengths);
      [this.#starts, this.#lengths] = [starts, lengths];
    }
    if (this.#starts[index] === 0) this.done++;
    this.#starts[index] = at;
    this.#lengths[index] = length;
    this.last = Math.max(this.last, index);
  }

  /** The result of an earlier run; `null` when the input is to be done. */
  earlier({ index, input }: Slot): Done | null {
    const start = this.#starts[index] ?? 0;
    if (start === 0) return null;
    const bytes = Buffer.alloc(this.#lengths[index]!);
    readSync(this.#fd, bytes, 0, bytes.length, start);
    const text = bytes.toString('utf8');
    const [, , d, s] = LINE.exec(text)!;
    if (d !== digestOf(input)) throw this.#other(index, input);
    if (s !== this.#inputs.stampOf?.(input)) return null;
    const result = text.indexOf(',"r":');
    return { json: result < 0 ? undefined : text.slice(result + 5, -1) };
  }

  /** Writes down what has been done. `stamps` are those that the inputs had when they were handed over. */
  add(slots: readonly Slot[], stamps: ReadonlyMap<number, string>): void {
    let text = '';
    for (const { index, input, outcome } of slots) {
      if (outcome === null || isFailure(outcome)) continue;
      const stamp = stamps.get(index);
      text += `{"i":${index},"d":"${digestOf(input)}"`;
      if (stamp !== undefined) text += `,"s":"${stamp}"`;
      text += outcome.json === undefined ? '}\n' : `,"r":${outcome.json}}\n`;
    }
    if (text === '') return;
    writeAll(this.#fd, Buffer.from(text));
    this.#isDirty = true;
  }

  /** Says what is wrong when all inputs have been read, and there were `count`. */
  checkEnd(count: number): void {
    if (this.last >= count) throw this.#fewer(this.last, count);
  }

  #sync(): void {
    if (!this.#isDirty) return;
    this.#isDirty = false;
    fdatasync(this.#fd, () => {});
  }

  close(): void {
    clearInterval(this.#timer);
    if (this.#isDirty) fdatasyncSync(this.#fd);
    this.#letGo();
  }

  #letGo(): void {
    this.#release();
    closeSync(this.#fd);
  }
}

interface Header {
  readonly manycore: string;
  readonly version: number;
  readonly function: string;
  readonly over: string;
  readonly sources: Readonly<Record<string, string>>;
}

const digestOf = (input: unknown): string => digest(JSON.stringify(input));

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
