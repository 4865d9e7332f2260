import { gzipSync } from 'node:zlib';
import type { RawProfile } from '../raw-profile.ts';
import { type Frame, frameTree } from './frame-tree.ts';

/*
 * The format of Go's pprof, a gzipped protocol buffer (google/pprof, proto/profile.proto). Only what a CPU profile
 * needs is written: two sample types, locations with one line each, functions and strings.
 */
class Message {
  readonly #parts: Buffer[] = [];

  integer(field: number, value: number): this {
    if (value !== 0) this.#parts.push(varint(field << 3), varint(value));
    return this;
  }
  integers(field: number, values: readonly number[]): this {
    return this.bytes(field, Buffer.concat(values.map(varint)));
  }
  bytes(field: number, bytes: Uint8Array): this {
    this.#parts.push(varint((field << 3) | 2), varint(bytes.length), Buffer.from(bytes));
    return this;
  }
  message(field: number, message: Message): this {
    return this.bytes(field, message.done());
  }
  done(): Buffer {
    return Buffer.concat(this.#parts);
  }
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 128) {
    bytes.push((rest % 128) | 128);
    rest = Math.floor(rest / 128);
  }
  bytes.push(rest);
  return Buffer.from(bytes);
}

/** Recordings as a file of pprof, compressed: what `go tool pprof` and others read. */
export function pprof(recordings: readonly RawProfile[]): Buffer {
  const strings = new Map<string, number>([['', 0]]);
  const string = (text: string): number => {
    let number = strings.get(text);
    if (number === undefined) strings.set(text, (number = strings.size));
    return number;
  };
  const valueType = (type: string, unit: string): Message => new Message().integer(1, string(type)).integer(2, string(unit));
  const profile = new Message().message(1, valueType('samples', 'count')).message(1, valueType('cpu', 'nanoseconds'));

  const locations = new Map<string, number>();
  const tables = new Message();
  const locationOf = ({ name, file, line }: Frame): number => {
    const key = `${name}@${file}:${line}`;
    const known = locations.get(key);
    if (known !== undefined) return known;
    const id = locations.size + 1;
    locations.set(key, id);
    const fn = new Message().integer(1, id).integer(2, string(name)).integer(3, string(name)).integer(4, string(file)).integer(5, line);
    tables.message(5, fn);
    tables.message(4, new Message().integer(1, id).message(4, new Message().integer(1, id).integer(2, line)));
    return id;
  };
  const visit = (frame: Frame, above: readonly number[]): void => {
    const stack = [locationOf(frame), ...above];
    if (frame.self > 0) {
      profile.message(
        2,
        new Message().integers(1, stack).integers(2, [Math.max(1, Math.round(frame.self / 1000)), Math.round(frame.self * 1000)]),
      );
    }
    for (const next of frame.children.values()) visit(next, stack);
  };
  for (const lane of frameTree(recordings).children.values()) visit(lane, []);

  const period = valueType('cpu', 'nanoseconds');
  const start = Math.min(...recordings.map(({ startUs }) => startUs));
  const end = Math.max(...recordings.map(({ endUs }) => endUs));
  const texts = new Message();
  const tail = new Message()
    .integer(10, Math.round((end - start) * 1000))
    .message(11, period)
    .integer(12, 1e6);
  for (const text of strings.keys()) texts.bytes(6, Buffer.from(text));
  return gzipSync(Buffer.concat([profile.done(), tables.done(), texts.done(), tail.done()]));
}
