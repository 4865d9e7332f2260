import { errno, foreign, koffi } from './library.ts';

/*
 * Messages between processes that carry open descriptors: sockets of the local kind that keep messages apart, and SCM_RIGHTS.
 * The layouts are those of Linux on 64 bits.
 */
const AF_UNIX = 1;
const SOCK_STREAM = 1;
const SOCK_SEQPACKET = 5;
const SOCK_CLOEXEC = 0o2000000;
const SOL_SOCKET = 1;
const SCM_RIGHTS = 1;
const MSG_NOSIGNAL = 0x4000;
const MSG_CMSG_CLOEXEC = 0x4000_0000;
const EINTR = 4;
const MSGHDR_BYTES = 56;
const CMSGHDR_BYTES = 16;
const DESCRIPTORS_MAX = 8;

/** Two ends of a connection, close-on-exec; or an errno. `packets`: each read gets what one write has sent. */
export function socketPair(kind: 'stream' | 'packets'): [number, number] | number {
  const ends: [number, number] = [-1, -1];
  const type = (kind === 'stream' ? SOCK_STREAM : SOCK_SEQPACKET) | SOCK_CLOEXEC;
  return foreign('int socketpair(int domain, int type, int protocol, _Out_ int *ends)')(AF_UNIX, type, 0, ends) === 0 ? ends : errno();
}

const controlBytes = (count: number): number => CMSGHDR_BYTES + Math.ceil((count * 4) / 8) * 8;

/** A msghdr, and what it points to, which has to live as long. */
class Header {
  readonly struct = Buffer.alloc(MSGHDR_BYTES);
  readonly control: Buffer;
  readonly #vector = Buffer.alloc(16);

  constructor(body: Buffer, descriptors: number) {
    this.control = Buffer.alloc(controlBytes(descriptors));
    const { address } = koffi();
    this.#vector.writeBigUInt64LE(address(body), 0);
    this.#vector.writeBigUInt64LE(BigInt(body.length), 8);
    this.struct.writeBigUInt64LE(address(this.#vector), 16);
    this.struct.writeBigUInt64LE(1n, 24);
    if (descriptors > 0) this.struct.writeBigUInt64LE(address(this.control), 32);
    this.struct.writeBigUInt64LE(BigInt(descriptors > 0 ? this.control.length : 0), 40);
  }
}

/** Sends bytes with descriptors, of which the other side gets copies. 0, or an errno. Blocks while there is no room. */
export function sendDescriptors(socket: number, body: Buffer, descriptors: readonly number[]): number {
  const header = new Header(body, descriptors.length);
  header.control.writeBigUInt64LE(BigInt(CMSGHDR_BYTES + descriptors.length * 4), 0);
  header.control.writeInt32LE(SOL_SOCKET, 8);
  header.control.writeInt32LE(SCM_RIGHTS, 12);
  descriptors.forEach((fd, i) => header.control.writeInt32LE(fd, CMSGHDR_BYTES + i * 4));
  const send = foreign('long sendmsg(int socket, void *header, int flags)');
  for (;;) {
    if (send(socket, header.struct, MSG_NOSIGNAL) >= 0) return 0;
    const code = errno();
    if (code !== EINTR) return code;
  }
}

export interface Received {
  /** How many bytes; 0 at the end; minus an errno. */
  readonly length: number;
  /** Ours from now on, close-on-exec. */
  readonly descriptors: readonly number[];
}

/** Waits for a message, and puts its bytes into `body`. */
export function receiveDescriptors(socket: number, body: Buffer): Received {
  const header = new Header(body, DESCRIPTORS_MAX);
  const receive = foreign('long recvmsg(int socket, void *header, int flags)');
  for (;;) {
    const length = receive(socket, header.struct, MSG_CMSG_CLOEXEC);
    if (length < 0 && errno() === EINTR) continue;
    return { length: length < 0 ? -errno() : length, descriptors: length > 0 ? descriptorsIn(header) : [] };
  }
}

function descriptorsIn({ struct, control }: Header): number[] {
  if (struct.readBigUInt64LE(40) < BigInt(CMSGHDR_BYTES)) return [];
  const bytes = Number(control.readBigUInt64LE(0)) - CMSGHDR_BYTES;
  return Array.from({ length: bytes / 4 }, (_, i) => control.readInt32LE(CMSGHDR_BYTES + i * 4));
}
