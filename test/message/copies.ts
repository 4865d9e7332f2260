import { decode, encode } from '../../src/message/index.ts';
import { far } from './ways/far.ts';

/** What is kept of a value: by a message to a thread, by one to a process, and there and back through a real thread. */
export async function copies<T>(value: T): Promise<T[]> {
  const near = encode(value);
  const first = decode(Uint8Array.from(near.bytes), near.parcels) as T;
  const second = decode(Uint8Array.from(encode(value, { where: 'process' }).bytes)) as T;
  return [first, second, (await far((given: unknown) => given, value)) as T];
}
