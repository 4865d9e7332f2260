import type { Wait } from '../base/deadline.ts';
import type { BlockingWait } from '../host/peer/frames.ts';
import type { SocketAddress } from '../system/sockets.ts';
import { type Come, FrameListener, type ListenerOptions } from './frame-listener.ts';
import { SocketConnection } from './socket-connection.ts';

/**
 * Where other programs connect to this one: at a path, or at a host and a port. Python's `multiprocessing.connection.Listener`.
 *
 * With a secret, who comes has to prove it before anything else is read, within 10 seconds; one that is slow keeps nobody else from coming.
 */
export class Listener implements Disposable {
  readonly #listener: FrameListener;
  #lastAccepted: SocketAddress | null = null;

  /** Listens at once. Throws `ConnectionRefusedError` when the system refuses, `RangeError` for a bad address, `StateError` without a secret on a network. */
  constructor(address?: SocketAddress | null, options?: ListenerOptions) {
    this.#listener = new FrameListener(address, options);
  }

  /** Where it listens: with the port, or the path, that the system has chosen when that was left to it. */
  get address(): SocketAddress {
    return this.#listener.address;
  }
  /** Where the last one came from that was accepted: host and port, or an empty text for a path; `null` before. */
  get lastAccepted(): SocketAddress | null {
    return this.#lastAccepted;
  }
  /** Whether it was closed: nobody can connect any more. */
  get closed(): boolean {
    return this.#listener.closed;
  }

  /**
   * The next one that has come; `null` when time was up. Rejects with `AuthenticationError` for one that did not prove itself: the listener goes on,
   * and the next call waits for the next one. Rejects with `StateError` when it is closed.
   */
  async accept(wait?: Wait): Promise<SocketConnection | null> {
    return this.#accepted(await this.#listener.accept(wait));
  }

  /** The blocking twin of `accept`. */
  acceptSync(wait?: BlockingWait): SocketConnection | null {
    return this.#accepted(this.#listener.acceptSync(wait));
  }

  #accepted(come: Come | null): SocketConnection | null {
    if (come === null) return null;
    this.#lastAccepted = come.from;
    return new SocketConnection(come.frames);
  }

  /** All that come, until it is closed; those that do not prove themselves are left out. */
  async *[Symbol.asyncIterator](): AsyncGenerator<SocketConnection> {
    for await (const come of this.#listener) yield this.#accepted(come)!;
  }

  /** Stops listening; what has been accepted stays open. May be called again. */
  close(): void {
    this.#listener.close();
  }
  [Symbol.dispose](): void {
    this.close();
  }
}
