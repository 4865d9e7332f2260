import { fileURLToPath } from 'node:url';
import { OutOfRangeError } from '../base/errors.ts';
import { isList } from './repr.ts';

/** A word of a command: text, bytes, or the URL of a file. */
export type Word = string | Uint8Array | URL;
/** A program with its arguments, none of which is seen by a shell; a single word is a program without arguments, or a shell's line. */
export type Command = Word | readonly Word[];

/** Bytes as the system wants them, which end at the first NUL: so there may be none. */
export function bytesOf(word: Word, what: string): Buffer {
  if (typeof word !== 'string' && !(word instanceof Uint8Array) && !(word instanceof URL))
    throw new TypeError(`${what} must be text, bytes or a file URL: got ${word === null ? 'null' : typeof word}`);
  const bytes =
    word instanceof Uint8Array
      ? Buffer.from(word.buffer, word.byteOffset, word.byteLength)
      : Buffer.from(typeof word === 'string' ? word : fileURLToPath(word));
  if (bytes.includes(0))
    throw new OutOfRangeError('ERR_NUL', `${what} must not contain a NUL character: ${JSON.stringify(bytes.toString())}`);
  return bytes;
}

/** What is executed: the words, the first of which names the program, and the file that is run in its place. */
export interface Invocation {
  readonly words: readonly Buffer[];
  readonly file: Buffer;
}

export function invocationOf(command: Command, shell: boolean | string, executable: Word | null): Invocation {
  let words: readonly Word[] = isList(command) ? command : [command];
  if (words.length === 0) throw new TypeError('a command needs at least the name of a program: got an empty list');
  if (shell !== false) words = [typeof shell === 'string' ? shell : '/bin/sh', '-c', ...words];
  const encoded = words.map((word, i) => bytesOf(word, i === 0 ? 'a program' : `argument ${i}`));
  return { words: encoded, file: executable === null ? encoded[0]! : bytesOf(executable, 'executable') };
}

/** The variables of a command's environment; one that is undefined is left out. */
export type Environment = Readonly<Record<string, string | Uint8Array | undefined>>;

/** `NAME=value` for each variable that has a value. */
export function environmentOf(env: Environment): Buffer[] {
  return Object.entries(env).flatMap(([name, value]) => {
    if (value === undefined) return [];
    // Numbers and the like become text, as everywhere in Node; what has no text of its own would become "null" or "[object Object]".
    if (value === null || typeof value === 'function' || (typeof value === 'object' && !((value as unknown) instanceof Uint8Array)))
      throw new TypeError(
        `environment variable ${name} must be text or bytes, or undefined to leave it out: got ${value === null ? 'null' : typeof value}`,
      );
    if (name.includes('=') || name === '')
      throw new OutOfRangeError(
        'ERR_ENVIRONMENT',
        `the name of an environment variable must not be empty or contain "=": ${JSON.stringify(name)}`,
      );
    const prefix = bytesOf(`${name}=`, 'the name of an environment variable');
    return [
      Buffer.concat([
        prefix,
        bytesOf(typeof value === 'string' || value instanceof Uint8Array ? value : String(value), `environment variable ${name}`),
      ]),
    ];
  });
}
