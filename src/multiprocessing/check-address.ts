import { inspect } from 'node:util';
import type { SocketAddress } from '../system/sockets.ts';

/** `TypeError` for what is no address. */
export function checkAddress(address: unknown): asserts address is SocketAddress {
  if (typeof address === 'string' || (Array.isArray(address) && typeof address[0] === 'string' && typeof address[1] === 'number')) return;
  throw new TypeError(`an address is a path, or [host, port]: got ${inspect(address, { depth: 1 })}`);
}
