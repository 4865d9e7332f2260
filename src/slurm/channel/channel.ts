import type { Socket } from 'node:net';
import { CODE } from './codes.ts';
import { ChannelError } from './errors.ts';
import { type OnRecord, RecordReader, RecordWriter } from './records.ts';

export interface ChannelTimes {
  /** Who has said nothing for so long says at least that it is there. */
  readonly heartbeat: number;
  /** Who has been silent for so long is taken for gone. */
  readonly silence: number;
}

/**
 * Records over a connection whose two ends have proved themselves to each other. It tells when the other end has gone: at once when its process
 * has ended, after `silence` when nothing is heard of it.
 */
export class Channel {
  /** Called once, when the other end has gone or `close` was called. */
  onClose: (reason: ChannelError) => void = () => {};
  readonly #stream: Socket;
  readonly #writer = new RecordWriter();
  readonly #timer: NodeJS.Timeout;
  #onRecord: OnRecord = () => {};
  #isFlushing = false;
  #isClosed = false;
  #heard = performance.now();
  #spoke = performance.now();
  /** Bytes that have been read. */
  received = 0;

  constructor(stream: Socket, { heartbeat, silence }: ChannelTimes) {
    this.#stream = stream;
    const reader = new RecordReader((code, id, extra, body) => {
      if (code !== CODE.ping) this.#onRecord(code, id, extra, body);
    });
    stream.on('data', (chunk: Buffer) => {
      this.#heard = performance.now();
      this.received += chunk.length;
      try {
        reader.push(chunk);
      } catch (error) {
        this.#gone(new ChannelError('ERR_CHANNEL_NONSENSE', 'the other end has sent what is no record', { cause: error }));
      }
    });
    stream.on('error', (cause: NodeJS.ErrnoException) =>
      this.#gone(new ChannelError('ERR_CHANNEL_BROKEN', `the connection broke: ${cause.message}`, { cause })),
    );
    stream.on('close', () => this.#gone(new ChannelError('ERR_CHANNEL_CLOSED', 'the other end has closed the connection')));
    this.#timer = setInterval(() => this.#beat(heartbeat, silence), Math.min(heartbeat, silence / 3));
    this.#timer.unref();
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** How much has been said that the system has not taken yet. */
  get backlog(): number {
    return this.#stream.writableLength + this.#writer.length;
  }

  onRecord(hear: OnRecord): void {
    this.#onRecord = hear;
  }

  /** Says something; all that is said in one turn goes together. Nothing happens when the other end has gone. */
  send(code: number, id = 0, extra = 0, body: Uint8Array | null = null): void {
    if (this.#isClosed) return;
    this.#writer.add(code, id, extra, body);
    if (this.#isFlushing) return;
    this.#isFlushing = true;
    queueMicrotask(() => this.flush());
  }

  flush(): void {
    this.#isFlushing = false;
    if (this.#isClosed || this.#writer.length === 0) return;
    this.#spoke = performance.now();
    this.#stream.write(this.#writer.take());
  }

  /** Whether the connection keeps the program alive; it does at first. */
  hold(isHeld: boolean): void {
    if (isHeld) this.#stream.ref();
    else this.#stream.unref();
  }

  /** Ends the connection once everything has been said. */
  end(): Promise<void> {
    this.flush();
    this.hold(true);
    return new Promise((resolve) => {
      if (this.#isClosed) return resolve();
      this.#stream.once('close', resolve);
      this.#stream.end();
    });
  }

  /** Cuts the connection. */
  close(reason: ChannelError = new ChannelError('ERR_CHANNEL_CLOSED', 'this end has closed the connection')): void {
    this.#gone(reason);
  }

  #beat(heartbeat: number, silence: number): void {
    const now = performance.now();
    if (now - this.#spoke >= heartbeat && this.#stream.writableLength === 0) this.send(CODE.ping);
    if (now - this.#heard < silence) return;
    // Who was stopped, or busy, hears only now what has come meanwhile: that has its turn first.
    const { received } = this;
    setImmediate(() =>
      setTimeout(() => {
        if (this.received === received)
          this.#gone(new ChannelError('ERR_CHANNEL_SILENT', `nothing has been heard of the other end for ${silence} ms`));
      }, 20),
    );
  }

  #gone(reason: ChannelError): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearInterval(this.#timer);
    this.#stream.destroy();
    this.onClose(reason);
  }
}
