import { TextDecoder } from 'node:util';
import { StringDecoder } from 'node:string_decoder';
import { OutOfRangeError } from '../base/errors.ts';

/** What becomes of bytes that are no text: replaced by U+FFFD, refused by a `TypeError`, or left out. */
export type DecodingErrors = 'replace' | 'strict' | 'ignore';

/** Whether a command's bytes are text, and in which encoding. */
export interface TextOptions {
  /** Text instead of bytes: in UTF-8, unless `encoding` says otherwise. */
  readonly text?: boolean | undefined;
  /** One of Node's encodings, or one that `TextDecoder` knows. Means `text`. */
  readonly encoding?: string | undefined;
  /** `replace` when left out. Means `text`. */
  readonly errors?: DecodingErrors | undefined;
}

/** How bytes become text, and text bytes. */
export interface Coding {
  /** One that decodes piece by piece. */
  decoder(): { write(bytes: Uint8Array): string; end(): string };
  decode(bytes: Buffer): string;
  encode(text: string): Buffer;
}

/** `null`: bytes are wanted. */
export function codingOf({ text, encoding, errors }: TextOptions): Coding | null {
  if (text !== true && encoding === undefined && errors === undefined) return null;
  const name = encoding ?? 'utf8';
  const policy = errors ?? 'replace';
  if (!['replace', 'strict', 'ignore'].includes(policy))
    throw new OutOfRangeError('ERR_ENCODING', `errors is 'replace', 'strict' or 'ignore': got ${JSON.stringify(policy)}`);
  const isUtf8 = /^utf-?8$/i.test(name);
  const isNodes = Buffer.isEncoding(name) && !(isUtf8 && policy === 'strict');
  let decoder: Coding['decoder'];
  if (isNodes) decoder = () => new StringDecoder(name);
  else {
    const make = (): TextDecoder => new TextDecoder(name, { fatal: policy === 'strict', ignoreBOM: true });
    try {
      make();
    } catch (cause) {
      throw new OutOfRangeError('ERR_ENCODING', `${JSON.stringify(name)} is no encoding that is known here: ${(cause as Error).message}`);
    }
    decoder = () => {
      const inner = make();
      return { write: (bytes) => inner.decode(bytes, { stream: true }), end: () => inner.decode() };
    };
  }
  // The mark of a byte that was replaced; one that the text itself contains goes too.
  const cleaned = (text: string): string => newlines(policy === 'ignore' ? text.replaceAll('\ufffd', '') : text);
  return {
    decoder() {
      const inner = decoder();
      let heldReturn = '';
      return {
        write(bytes) {
          // A return at the end may be half of a line's end.
          const text = heldReturn + inner.write(bytes);
          heldReturn = text.endsWith('\r') ? '\r' : '';
          return cleaned(heldReturn === '' ? text : text.slice(0, -1));
        },
        end: () => cleaned(heldReturn + inner.end()),
      };
    },
    decode(bytes) {
      if (isNodes) return cleaned(bytes.toString(name as BufferEncoding));
      const whole = decoder();
      return cleaned(whole.write(bytes) + whole.end());
    },
    encode: (text) => {
      if (!Buffer.isEncoding(name))
        throw new OutOfRangeError('ERR_ENCODING', `text can't be written in ${name}, only read: give bytes, or one of Node's encodings`);
      return Buffer.from(text, name);
    },
  };
}

/** As Python reads text: each of the three ends of a line is a newline. */
const newlines = (text: string): string => (text.includes('\r') ? text.replace(/\r\n?/g, '\n') : text);
