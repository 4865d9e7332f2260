import { connect as connectSocket, type Socket } from 'node:net';
import { connect as connectSecurely, createServer, type SecureVersion, type TLSSocket } from 'node:tls';
import { Channel, type ChannelTimes } from './channel.ts';
import { ChannelError } from './errors.ts';

/*
 * Who is who is proved by a secret that both ends have read from a file that only their user can read: TLS with a pre-shared key. The handshake
 * fails, with nothing said, unless both have it. Each connection has keys of its own (ECDHE), so that who gets hold of the secret later can't
 * read what was said before. There is no certificate, and so none to make, to check, or to run out.
 */
const SUITE = { minVersion: 'TLSv1.2' as SecureVersion, maxVersion: 'TLSv1.2' as SecureVersion, ciphers: 'ECDHE-PSK-CHACHA20-POLY1305' };
const IDENTITY = 'manycore';
const HANDSHAKE_MS = 10_000;
/** A machine that has lost its power says nothing: the system asks for it, also while the program here computes. */
const KEEP_ALIVE_MS = 10_000;

export interface Listener {
  readonly port: number;
  /** How many have knocked that had not the secret. */
  readonly turnedAway: number;
  close(): void;
}

/** Listens for peers that have the secret; each gives a channel. */
export async function listen(
  options: ChannelTimes & { readonly host: string | undefined; readonly secret: Buffer; readonly onChannel: (channel: Channel) => void },
): Promise<Listener> {
  let turnedAway = 0;
  const server = createServer(
    { ...SUITE, handshakeTimeout: HANDSHAKE_MS, pskCallback: (_, identity) => (identity === IDENTITY ? options.secret : null) },
    (socket: TLSSocket) => {
      socket.setNoDelay(true);
      socket.setKeepAlive(true, KEEP_ALIVE_MS);
      options.onChannel(new Channel(socket, options));
    },
  );
  server.on('tlsClientError', () => void turnedAway++);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, options.host, resolve);
  });
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    get turnedAway() {
      return turnedAway;
    },
    close: () => void server.close(),
  };
}

export interface Place {
  readonly host: string;
  readonly port: number;
}

/** Connects, and has the other end prove itself. Rejects with `ChannelError`. */
export async function connect(place: Place, secret: Buffer, times: ChannelTimes, timeout: number): Promise<Channel> {
  const raw = await reach(place, timeout);
  raw.setKeepAlive(true, KEEP_ALIVE_MS);
  return new Promise((resolve, reject) => {
    const socket = connectSecurely({
      ...SUITE,
      socket: raw,
      pskCallback: () => ({ psk: secret, identity: IDENTITY }),
      checkServerIdentity: () => undefined, // It has the secret: that is its identity.
    });
    const fail = (cause: NodeJS.ErrnoException): void => {
      clearTimeout(limit);
      raw.destroy();
      const there = `${place.host}:${place.port}`;
      reject(
        cause.code?.startsWith('ERR_SSL') === true
          ? new ChannelError('ERR_CHANNEL_SECRET', `${there} does not have the secret of this run: ${cause.message.trim()}`, { cause })
          : new ChannelError('ERR_CHANNEL_BROKEN', `${there} did not prove itself: ${cause.message}`, { cause }),
      );
    };
    const limit = setTimeout(() => fail(new Error(`it did not answer within ${timeout} ms`)), timeout);
    const closed = (): void => fail(new Error('it closed the connection'));
    socket.once('error', fail);
    socket.once('close', closed);
    socket.once('secureConnect', () => {
      clearTimeout(limit);
      socket.off('error', fail);
      socket.off('close', closed);
      socket.setNoDelay(true);
      resolve(new Channel(socket, times));
    });
  });
}

function reach({ host, port }: Place, timeout: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connectSocket({ host, port });
    const fail = (message: string, cause?: NodeJS.ErrnoException): void => {
      clearTimeout(limit);
      socket.destroy();
      const code = cause?.code === 'ECONNREFUSED' ? 'ERR_CHANNEL_REFUSED' : 'ERR_CHANNEL_NO_ROUTE';
      reject(new ChannelError(code, `${host}:${port} can't be reached: ${message}`, { cause }));
    };
    const limit = setTimeout(() => fail(`no answer within ${timeout} ms`), timeout);
    const onError = (error: Error): void => fail(error.message, error);
    socket.once('error', onError);
    socket.once('connect', () => {
      clearTimeout(limit);
      socket.off('error', onError);
      resolve(socket);
    });
  });
}
