import type { SocketAddress } from '../../system/sockets.ts';
import type { PipeConnection } from '../pipe-connection.ts';
import type { Registered } from './registry.ts';
import { Server } from './server.ts';
import { builtinTypes } from './types/index.ts';

/** What the process of a manager is told. */
export interface ServeOptions {
  readonly address: SocketAddress | undefined;
  readonly secret: Uint8Array;
  readonly lingerMs: number | undefined;
  readonly withBuiltins: boolean;
  readonly types: readonly (readonly [string, Registered])[];
  readonly initializer: ((...args: never[]) => unknown) | undefined;
  readonly initArgs: readonly unknown[];
}

export type Started = { readonly address: SocketAddress } | { readonly error: unknown };

/** The main function of a manager's process. */
export async function serve(ready: PipeConnection, options: ServeOptions): Promise<void> {
  const { address, secret, lingerMs, withBuiltins, types, initializer, initArgs } = options;
  // So that what it has made on disk goes with it.
  process.on('SIGTERM', () => process.exit(0));
  // Ctrl-C at a terminal reaches all processes of it: it is the program's to end this one.
  process.removeAllListeners('SIGINT').on('SIGINT', () => {});
  let server: Server;
  try {
    await initializer?.(...(initArgs as never[]));
    server = new Server(new Map([...(withBuiltins ? builtinTypes : []), ...types]), address, secret, lingerMs);
  } catch (error) {
    await ready.send({ error } satisfies Started);
    return;
  }
  const serving = server.serveForever();
  await ready.send({ address: server.address } satisfies Started);
  ready.close();
  await serving;
}
