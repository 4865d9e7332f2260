import type { SocketAddress } from '../../system/sockets.ts';

/** What an object is in its manager, and where that is: all that a proxy needs. */
export interface Token {
  /** As it was registered: `dict`, `Queue`. */
  readonly typeId: string;
  readonly address: SocketAddress;
  readonly object: number;
  /** The methods that may be called. */
  readonly exposed: readonly string[];
}
