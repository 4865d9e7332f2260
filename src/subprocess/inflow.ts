import { closeSync } from 'node:fs';
import { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { invariant } from '../base/invariant.ts';
import { setPipeSize, WIDE_PIPE } from '../system/pipes.ts';
import { pipeOn, type PipeHandle } from '../host/exit-watch.ts';
import { readKept } from './node-output.ts';

/** Bytes that wait for their reader, before the writer is made to wait. */
const HIGH_WATER = 1 << 20;
const SMALL = 16 * 1024;
const FIRST_SLAB = 256 * 1024;
const LARGEST_SLAB = 64 << 20;

export interface Receiver {
  /** A piece that has come; it is the receiver's own. False: that is enough for now. */
  chunk(bytes: Buffer): boolean;
  /** Nothing more comes. */
  end(error: Error | null): void;
  /** Where the next bytes are wanted; `null`: anywhere. */
  room?(): Buffer | null;
}

/**
 * Bytes that come out of a descriptor or a stream, into a receiver that may be exchanged.
 *
 * Most commands print little: a descriptor is read by a bare handle of Node's first, which costs a fifth of a stream. Who prints
 * much gets one that reads into large pieces of memory, without copying.
 */
export class Inflow {
  #handle: PipeHandle | null = null;
  #fd = -1;
  #stream: Readable | null = null;
  readonly #queue: Buffer[] = [];
  #queued = 0;
  #receiver: Receiver | null = null;
  #ended: { readonly error: Error | null } | null = null;
  #error: Error | null = null;
  #slab: Buffer | null = null;
  #used = 0;
  #total = 0;

  constructor(source: number | Readable) {
    if (typeof source === 'number') {
      this.#fd = source;
      this.#handle = pipeOn(source, (bytes) => this.#onread(bytes));
      this.#handle.readStart();
    } else {
      (source as Partial<Socket>).ref?.();
      readKept(source, (chunk) => void (this.#take(chunk) || source.pause()));
      this.#listen(source);
    }
  }

  #listen(stream: Readable): void {
    this.#stream = stream;
    stream.on('error', (error) => void (this.#error = error));
    stream.once('close', () => this.#end());
  }

  #onread(bytes: ArrayBuffer | undefined): void {
    const handle = this.#handle!;
    if (bytes === undefined) {
      handle.close();
      this.#handle = null;
      return this.#end();
    }
    const count = handle.bytesRead - this.#total;
    invariant(count > 0 && count <= bytes.byteLength, `${count} bytes were read into ${bytes.byteLength}`);
    this.#total += count;
    const wantsMore = this.#take(Buffer.from(bytes, 0, count));
    if (this.#handle === null) return;
    if (this.#total >= FIRST_SLAB / 2) this.#growUp(handle, wantsMore);
    else if (!wantsMore) handle.readStop();
  }

  #growUp(handle: PipeHandle, wantsMore: boolean): void {
    handle.readStop();
    this.#handle = null;
    // So that the writer and this thread take turns less often.
    setPipeSize(this.#fd, WIDE_PIPE);
    const options = {
      handle,
      readable: true,
      writable: false,
      onread: { buffer: () => this.#room(), callback: (bytes: number, into: Uint8Array) => this.#take(this.#owned(bytes, into)) },
    };
    const socket = new Socket(options as unknown as ConstructorParameters<typeof Socket>[0]);
    this.#listen(socket);
    if (!wantsMore) socket.pause();
  }

  /** Where the next bytes go. */
  #room(): Buffer {
    const wanted = this.#receiver?.room?.() ?? null;
    if (wanted !== null) return wanted;
    if (this.#slab === null || this.#slab.length - this.#used < SMALL) {
      this.#slab = Buffer.allocUnsafeSlow(Math.min(LARGEST_SLAB, Math.max(FIRST_SLAB, this.#total)));
      this.#used = 0;
    }
    return this.#slab.subarray(this.#used);
  }

  #owned(bytes: number, into: Uint8Array): Buffer {
    this.#total += bytes;
    if (into.buffer === this.#slab?.buffer) this.#used += bytes;
    return Buffer.from(into.buffer, into.byteOffset, bytes);
  }

  /** True: go on reading. */
  #take(chunk: Buffer): boolean {
    if (this.#receiver !== null) return this.#receiver.chunk(chunk);
    this.#queue.push(chunk);
    this.#queued += chunk.length;
    return this.#queued < HIGH_WATER;
  }

  #end(): void {
    this.#ended ??= { error: this.#error };
    this.#receiver?.end(this.#error);
  }

  /** Gives what has come and what comes to a receiver, instead of to the one before; `null`: keeps some, and then makes the writer wait. */
  deliverTo(receiver: Receiver | null): void {
    this.#receiver = receiver;
    if (receiver === null) return;
    let wantsMore = true;
    while (wantsMore && this.#queue.length > 0) {
      const chunk = this.#queue.shift()!;
      this.#queued -= chunk.length;
      wantsMore = receiver.chunk(chunk);
    }
    if (!wantsMore) return;
    if (this.#ended !== null) receiver.end(this.#ended.error);
    else if (this.#handle === null) this.#stream?.resume();
    else this.#handle.readStart();
  }

  /** What has come and was not wanted yet. */
  unread(chunk: Buffer): void {
    this.#queue.unshift(chunk);
    this.#queued += chunk.length;
  }

  ref(on: boolean): void {
    const holder = this.#handle ?? (this.#stream as Partial<Pick<Socket, 'ref' | 'unref'>> | null);
    if (on) holder?.ref?.();
    else holder?.unref?.();
  }

  close(): void {
    this.#queue.length = 0;
    this.#queued = 0;
    this.#handle?.close();
    this.#handle = null;
    this.#stream?.destroy();
    this.#end();
  }
}

/** A descriptor that nobody reads yet is closed at once. */
export function closeSource(source: number | Readable): void {
  if (typeof source === 'number') closeSync(source);
  else source.destroy();
}
