import { constants } from 'node:os';
import { OutOfRangeError } from '../base/errors.ts';
import { errno, foreign, koffi } from './library.ts';

/*
 * Sockets without an event loop: to bind and to connect before the call comes back, and to accept in a thread that blocks.
 * Descriptors are close-on-exec and don't block.
 */

/** A path, or a host, as a number, and a port. */
export type SocketAddress = string | readonly [host: string, port: number];

const AF_UNIX = 1;
const AF_INET = 2;
const AF_INET6 = 10;
const SOCK_STREAM = 1;
const FLAGS = 0o2000000 | 0o4000; // SOCK_CLOEXEC, SOCK_NONBLOCK
const SOL_SOCKET = 1;
const SO_REUSEADDR = 2;
const SO_ERROR = 4;
const ADDRESS_BYTES = 128;
/** sockaddr_un has room for 108 bytes, the last of which is 0. */
export const SOCKET_PATH_BYTES_MAX = 107;

/** A call that the system refused: `code` is the name of its errno. */
export interface Refused {
  readonly code: string;
}

const refused = (number: number = errno()): Refused => ({
  code: Object.entries(constants.errno).find(([, value]) => value === number)?.[0] ?? `errno ${number}`,
});

export const isRefused = (result: unknown): result is Refused => typeof result === 'object';

/** The path of a socket. `RangeError` when it is too long, which other calls of the system may cut without a word. */
export function pathBytes(address: string): Buffer {
  const path = Buffer.from(address);
  if (path.length === 0 || path.length > SOCKET_PATH_BYTES_MAX)
    throw new OutOfRangeError(
      'ERR_ADDRESS_TOO_LONG',
      `the path of a socket has 1 to ${SOCKET_PATH_BYTES_MAX} bytes: ${JSON.stringify(address)} has ${path.length}`,
    );
  return path;
}

/** The address as the system has it. `RangeError` for a path that is too long, a host that is no number, and a bad port. */
function packed(address: SocketAddress): { readonly family: number; readonly bytes: Buffer } {
  if (typeof address === 'string') {
    const path = pathBytes(address);
    const bytes = Buffer.alloc(2 + path.length + 1);
    bytes.writeUInt16LE(AF_UNIX);
    bytes.set(path, 2);
    return { family: AF_UNIX, bytes: path[0] === 0 ? bytes.subarray(0, -1) : bytes };
  }
  const [host, port] = address;
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new OutOfRangeError('ERR_PORT', `a port is a number from 0 to 65535: got ${port}`);
  const family = host.includes(':') ? AF_INET6 : AF_INET;
  const bytes = Buffer.alloc(family === AF_INET ? 16 : 28);
  bytes.writeUInt16LE(family);
  bytes.writeUInt16BE(port, 2);
  const number = host === '' ? '0.0.0.0' : host === 'localhost' ? '127.0.0.1' : host;
  if (foreign('int inet_pton(int family, str text, void *into)')(family, number, bytes.subarray(family === AF_INET ? 4 : 8)) !== 1)
    throw new OutOfRangeError('ERR_HOST', `a host has to be an IP address, or localhost, here: got ${JSON.stringify(host)}`);
  return { family, bytes };
}

function unpacked(bytes: Buffer, length: number): SocketAddress {
  const family = bytes.readUInt16LE();
  if (family === AF_UNIX)
    return bytes
      .subarray(2, length)
      .toString()
      .replace(/(?!^)\0.*$/s, '');
  const text = Buffer.alloc(64);
  const from = bytes.subarray(family === AF_INET ? 4 : 8);
  koffi().address(
    (foreign('void *inet_ntop(int family, void *from, void *into, uint size)') as (...args: unknown[]) => never)(family, from, text, 64),
  );
  return [text.subarray(0, text.indexOf(0)).toString(), bytes.readUInt16BE(2)];
}

const socket = (family: number): number => foreign('int socket(int family, int type, int protocol)')(family, SOCK_STREAM | FLAGS, 0);
const close = (fd: number): unknown => foreign('int close(int fd)')(fd);

/** A socket that listens at this address. */
export function listenAt(address: SocketAddress, backlog: number): number | Refused {
  const { family, bytes } = packed(address);
  const fd = socket(family);
  if (fd < 0) return refused();
  const one = Buffer.from([1, 0, 0, 0]);
  if (family !== AF_UNIX)
    foreign('int setsockopt(int fd, int level, int name, void *value, uint size)')(fd, SOL_SOCKET, SO_REUSEADDR, one, 4);
  const isUp =
    foreign('int bind(int fd, void *address, uint size)')(fd, bytes, bytes.length) === 0 &&
    foreign('int listen(int fd, int backlog)')(fd, backlog) === 0;
  if (isUp) return fd;
  const why = refused();
  close(fd);
  return why;
}

/** A socket whose connection to this address is made, or under way: then it becomes writable when that is decided. */
export function connectTo(address: SocketAddress): number | Refused {
  const { family, bytes } = packed(address);
  const fd = socket(family);
  if (fd < 0) return refused();
  if (foreign('int connect(int fd, void *address, uint size)')(fd, bytes, bytes.length) === 0) return fd;
  const why = refused();
  if (why.code === 'EINPROGRESS') return fd;
  close(fd);
  return why;
}

/** How a connection that was under way has ended: `null` when it is made. */
export function connectionError(fd: number): Refused | null {
  const value = Buffer.alloc(4);
  const size = Buffer.from([4, 0, 0, 0]);
  foreign('int getsockopt(int fd, int level, int name, void *value, void *size)')(fd, SOL_SOCKET, SO_ERROR, value, size);
  return value.readInt32LE() === 0 ? null : refused(value.readInt32LE());
}

/** The next connection of a socket that listens; refused with EAGAIN when there is none. */
export function acceptFrom(fd: number): number | Refused {
  const accepted = foreign('int accept4(int fd, void *address, void *size, int flags)')(fd, null, null, FLAGS);
  return accepted < 0 ? refused() : accepted;
}

/** The address of a socket, or of what it is connected to. */
export function addressOfSocket(fd: number, whose: 'own' | 'peer'): SocketAddress {
  const bytes = Buffer.alloc(ADDRESS_BYTES);
  const size = Buffer.alloc(4);
  size.writeUInt32LE(ADDRESS_BYTES);
  const call = whose === 'own' ? 'getsockname' : 'getpeername';
  if (foreign(`int ${call}(int fd, void *address, void *size)`)(fd, bytes, size) !== 0) return '';
  return unpacked(bytes, size.readUInt32LE());
}
