import { Socket } from 'node:net';
import { deadlineAfter, remaining, type Wait } from '../base/deadline.ts';
import { TimeoutError } from '../base/errors.ts';
import { within } from '../base/within.ts';
import { authenticate, authenticateSync } from '../host/peer/authenticate.ts';
import { ConnectionRefusedError } from '../host/peer/errors.ts';
import { type BlockingWait, Frames } from '../host/peer/frames.ts';
import { connectionError, connectTo, isRefused, pathBytes, type Refused, type SocketAddress } from '../system/sockets.ts';
import { POLLOUT, pollDescriptors } from '../system/poll.ts';
import { checkAddress } from './check-address.ts';
import { type Secret, secretBytes } from './secret.ts';
import { SocketConnection } from './socket-connection.ts';

/** How `Client` connects. */
export interface ClientOptions {
  /** The secret that the listener has, too. Left out: neither side proves anything. */
  readonly authKey?: Secret | undefined;
  /** Longer messages are refused, and the connection is closed: 2 GB when left out. */
  readonly maxLength?: number | undefined;
}

/**
 * Connects to a `Listener`, of this library or Python's, at a path or at a host and a port, and proves the secret to it, as it does to us.
 * Rejects with `ConnectionRefusedError`, `AuthenticationError`, and `TimeoutError` when time was up. Python's `multiprocessing.connection.Client`.
 */
export async function Client(address: SocketAddress, options?: ClientOptions & Wait): Promise<SocketConnection> {
  return new SocketConnection(await connectFrames(address, options));
}

/** The blocking twin of `Client`. A host has to be an IP address, or `localhost`. */
export function ClientSync(address: SocketAddress, options?: ClientOptions & BlockingWait): SocketConnection {
  return new SocketConnection(connectFramesSync(address, options));
}

export async function connectFrames(address: SocketAddress, { authKey, maxLength, ...wait }: ClientOptions & Wait = {}): Promise<Frames> {
  const secret = authKey === undefined ? null : secretBytes(authKey);
  const deadline = deadlineAfter(wait.timeout);
  checkAddress(address);
  if (typeof address === 'string') pathBytes(address);
  const socket = new Socket();
  const connected = new Promise<void>((resolve, reject) => {
    socket
      .once('connect', resolve)
      .once('error', (cause: NodeJS.ErrnoException) => reject(cannotConnect(address, cause.code ?? cause.message, cause)));
  });
  if (typeof address === 'string') socket.connect(address);
  else socket.connect(address[1], address[0]);
  try {
    if (!(await within(connected, wait)).inTime) throw tooLate(address);
    const frames = new Frames(socket, { limit: maxLength });
    if (secret !== null) await authenticate(frames, secret, 'client', { timeout: patience(deadline), signal: wait.signal });
    return frames;
  } catch (error) {
    connected.catch(() => {});
    socket.destroy();
    throw error;
  }
}

export function connectFramesSync(address: SocketAddress, { authKey, maxLength, timeout }: ClientOptions & BlockingWait = {}): Frames {
  const secret = authKey === undefined ? null : secretBytes(authKey);
  const deadline = deadlineAfter(timeout);
  checkAddress(address);
  const fd = connectTo(address);
  if (isRefused(fd)) throw cannotConnect(address, fd.code);
  const socket = new Socket({ fd, readable: true, writable: true });
  const frames = new Frames(socket, { limit: maxLength });
  try {
    for (let isDecided = false; !isDecided;) {
      isDecided = pollDescriptors([{ fd, events: POLLOUT }], Math.min(100, remaining(deadline)))[0] !== 0;
      if (!isDecided && remaining(deadline) === 0) throw tooLate(address);
    }
    const refused = connectionError(fd);
    if (refused !== null) throw cannotConnect(address, refused.code);
    if (secret !== null) authenticateSync(frames, secret, 'client', { timeout: patience(deadline) });
    return frames;
  } catch (error) {
    frames.close();
    throw error;
  }
}

/** What is left of the time, or nothing said. */
const patience = (deadline: number): number | undefined => (deadline === Infinity ? undefined : remaining(deadline));

const named = (address: SocketAddress): string => (typeof address === 'string' ? address : address.join(':'));

const HINTS: Readonly<Record<Refused['code'], string>> = {
  ENOENT: 'nothing is there. Has the listener been closed?',
  ECONNREFUSED: 'nobody listens there',
  EAGAIN: 'too many wait to be accepted there',
};

function cannotConnect(address: SocketAddress, code: string, cause?: unknown): ConnectionRefusedError {
  return new ConnectionRefusedError(code, `cannot connect to ${named(address)}: ${HINTS[code] ?? code}`, { cause });
}

const tooLate = (address: SocketAddress): TimeoutError => new TimeoutError(`could not connect to ${named(address)} in time`);
