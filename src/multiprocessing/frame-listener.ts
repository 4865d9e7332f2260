import { chmodSync, rmSync } from 'node:fs';
import { createServer, type Server, Socket } from 'node:net';
import { Deque } from '../base/deque.ts';
import { asked, deadlineAfter, deadlineOf, NEVER, remaining, type Wait } from '../base/deadline.ts';
import { type Deferred, deferred } from '../base/deferred.ts';
import { StateError } from '../base/errors.ts';
import { positiveInteger } from '../base/positive-integer.ts';
import { within } from '../base/within.ts';
import { authenticate, authenticateSync } from '../host/peer/authenticate.ts';
import { ConnectionRefusedError } from '../host/peer/errors.ts';
import { type BlockingWait, Frames } from '../host/peer/frames.ts';
import { acceptFrom, addressOfSocket, isRefused, listenAt, type SocketAddress } from '../system/sockets.ts';
import { POLLIN, pollDescriptors } from '../system/poll.ts';
import { checkNames } from './other-names.ts';
import { privateSocketPath } from './private-folder.ts';
import { checkAddress } from './check-address.ts';
import { type Secret, secretBytes } from './secret.ts';

/** How a `Listener` listens, and what it asks of who connects. */
export interface ListenerOptions {
  /** Needed when no address is given: `AF_UNIX`, a socket in a folder of this user (when left out), or `AF_INET`, a free port of this machine. */
  readonly family?: 'AF_UNIX' | 'AF_INET' | undefined;
  /** How many may have come without being accepted. */
  readonly backlog?: number | undefined;
  /** Who comes has to know it; needed on a network. */
  readonly authKey?: Secret | undefined;
  /** Longer messages are refused, and the connection is closed: 2 GB when left out. */
  readonly maxLength?: number | undefined;
}

/** So many may be proving themselves at a time; more are turned away, so that strangers can't use up the descriptors. */
const PROVING_MAX = 512;

/** Who has come, and from where. */
export interface Come {
  readonly frames: Frames;
  readonly from: SocketAddress;
}

type Outcome = Come | { readonly error: unknown };

/** Where other programs connect to this one, and prove that they may: gives their frames. */
export class FrameListener implements Disposable {
  readonly address: SocketAddress;
  readonly #server: Server;
  readonly #fd: number;
  readonly #secret: Uint8Array | null;
  readonly #maxLength: number | undefined;
  readonly #backlog: number;
  readonly #come = new Deque<Outcome>();
  readonly #proving = new Set<Frames>();
  #changed: Deferred<void> | null = null;
  #waiters = 0;
  #closed = false;

  /** Listens at once. Throws `ConnectionRefusedError` when the system refuses, `RangeError` for a bad address, `StateError` without a secret on a network. */
  constructor(address?: SocketAddress | null, options: ListenerOptions = {}) {
    checkNames(options, 'a Listener', "{ authKey: 'a secret' }");
    const { family = 'AF_UNIX', backlog = 128, authKey, maxLength } = options;
    if (address !== undefined && address !== null) checkAddress(address);
    const wanted = address ?? (family === 'AF_INET' ? ['127.0.0.1', 0] : privateSocketPath());
    this.#secret = authKey === undefined ? null : secretBytes(authKey);
    this.#maxLength = maxLength;
    if (typeof wanted !== 'string' && (this.#secret === null || this.#secret.length === 0)) {
      throw new StateError(
        'ERR_SECRET_REQUIRED',
        'cannot listen on a network without a secret: whoever connects could have this program run anything. Give `authKey`',
      );
    }
    this.#backlog = positiveInteger(backlog, 'backlog');
    const fd = listenAt(wanted, backlog);
    if (isRefused(fd)) throw new ConnectionRefusedError(fd.code, `cannot listen at ${String(wanted)}: ${fd.code}`);
    if (typeof wanted === 'string' && !wanted.startsWith('\0')) chmodSync(wanted, 0o600);
    this.#fd = fd;
    this.address = addressOfSocket(fd, 'own');
    this.#server = createServer((socket) => void this.#welcome(socket));
    this.#server.on('error', () => {});
    this.#server.listen({ fd });
    this.#server.unref();
  }

  /** Whether it has been closed. */
  get closed(): boolean {
    return this.#closed;
  }

  async #welcome(socket: Socket): Promise<void> {
    if (this.#proving.size >= PROVING_MAX) return void socket.destroy();
    const frames = new Frames(socket, { limit: this.#maxLength });
    const from = peerOf(socket);
    this.#proving.add(frames);
    try {
      if (this.#secret !== null) await authenticate(frames, this.#secret, 'listener');
      this.#come.push({ frames, from });
    } catch (error) {
      // Each is told once; those whom nobody asks for are not kept without end.
      if (this.#come.length < this.#backlog) this.#come.push({ error });
    }
    this.#proving.delete(frames);
    if (this.#closed) this.#dismiss();
    this.#changed?.resolve();
    this.#changed = null;
  }

  #dismiss(): void {
    for (let one = this.#come.shift(); one !== undefined; one = this.#come.shift()) if ('frames' in one) one.frames.close();
  }

  #next(): Come | null {
    if (this.#closed) throw new StateError('ERR_LISTENER_CLOSED', `the listener at ${String(this.address)} is closed`);
    const one = this.#come.shift();
    if (one === undefined) return null;
    if ('error' in one) throw one.error;
    return one;
  }

  /**
   * The next one that has come; `null` when time was up. Rejects with `AuthenticationError` for one that did not prove itself: the listener goes on,
   * and the next call waits for the next one. Rejects with `StateError` when it is closed.
   */
  async accept(wait?: Wait): Promise<Come | null> {
    const deadline = deadlineOf(wait);
    for (;;) {
      const come = this.#next();
      if (come !== null) return come;
      if (remaining(deadline) === 0) return null;
      if (!(await this.#change({ timeout: remaining(deadline), signal: wait?.signal }))) return this.#next();
    }
  }

  /** Waits until somebody has come, or it is closed; false when time was up. */
  async #change(wait?: Wait): Promise<boolean> {
    this.#changed ??= deferred<void>();
    if (this.#waiters++ === 0) this.#server.ref();
    try {
      return (await within(this.#changed.promise, wait)).inTime;
    } finally {
      if (--this.#waiters === 0) this.#server.unref();
    }
  }

  /** The blocking twin of `accept`. */
  acceptSync(wait?: BlockingWait): Come | null {
    const { timeout } = asked(wait);
    const deadline = deadlineAfter(timeout);
    for (;;) {
      const come = this.#next();
      if (come !== null) return come;
      const fd = acceptFrom(this.#fd);
      if (!isRefused(fd)) {
        const from = addressOfSocket(fd, 'peer');
        const frames = new Frames(new Socket({ fd, readable: true, writable: true }), { limit: this.#maxLength });
        if (this.#secret !== null)
          authenticateSync(frames, this.#secret, 'listener', deadline === NEVER ? {} : { timeout: remaining(deadline) });
        return { frames, from };
      }
      if (remaining(deadline) === 0) return null;
      pollDescriptors([{ fd: this.#fd, events: POLLIN }], Math.min(100, remaining(deadline)));
    }
  }

  /** All that come, until it is closed; those that do not prove themselves are left out. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Come> {
    while (!this.#closed) {
      const one = this.#come.shift();
      if (one === undefined) await this.#change();
      else if ('frames' in one) yield one;
    }
  }

  /** Stops listening; what has been accepted stays open. May be called again. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#server.close();
    if (typeof this.address === 'string' && !this.address.startsWith('\0')) rmSync(this.address, { force: true });
    for (const frames of this.#proving) frames.close();
    this.#dismiss();
    this.#changed?.resolve();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

const peerOf = ({ remoteAddress, remotePort }: Socket): SocketAddress =>
  remoteAddress === undefined || remotePort === undefined ? '' : [remoteAddress, remotePort];
