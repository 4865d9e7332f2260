import { readSync } from 'node:fs';
import { Readable, Writable } from 'node:stream';
import { duplicate } from '../system/pipes.ts';
import { resizeTerminal, type TerminalSize } from '../system/terminal.ts';
import { holdDescriptor, socketOn, type Watch } from '../host/exit-watch.ts';

/** A terminal hands out no more than this at a time. */
const REST_BYTES = 4096;

/** What a terminal takes for the end of the input, at the beginning of a line. */
const END_OF_INPUT = '\x04';

/**
 * Our end of a pseudo-terminal. Closing the writing stream tells the program that its input has ended; the reading one ends when the last
 * program has left the terminal.
 *
 *   output    command    our end
 *   read      runs       open
 *   at end    runs       open: the command has closed its streams and goes on, and a terminal that went away would kill it by SIGHUP
 *   closed    runs       closed, which tells the command so
 *   any       ended      closed as soon as the output has been read
 */
export class Terminal {
  readonly input: Writable;
  readonly output: Readable;
  readonly #fd: number;
  #held: Pick<Watch, 'close'> | null;
  #hasEnded = false;
  #isAtEnd = false;

  /** `fd` belongs to the terminal from now on. */
  constructor(fd: number) {
    // Without one to spare, it is closed a little early.
    this.#fd = duplicate(fd, 3);
    this.#held = this.#fd < 0 ? null : holdDescriptor(this.#fd);
    const socket = socketOn(fd);
    socket.pause();
    this.input = inputTo(socket);
    this.output = new Readable({
      read: () => void socket.resume(),
      destroy: (error, done) => {
        const isEarly = !this.#isAtEnd;
        this.#isAtEnd = true;
        socket.destroy();
        if (isEarly) this.#letGo();
        done(error);
      },
    });
    socket.on('data', (chunk) => {
      if (!this.output.push(chunk)) socket.pause();
    });
    // That nobody is left in it, the system reports as an error, EIO.
    socket.on('error', () => {});
    socket.once('close', () => {
      if (this.#isAtEnd) return;
      this.#isAtEnd = true;
      this.#readRest();
      this.output.push(null);
      if (this.#hasEnded) this.#letGo();
    });
  }

  /** libuv takes a hang-up that comes with a part of the output for its end, though the system still has the rest of it (libuv's `uv__stream_io`). */
  #readRest(): void {
    if (this.#held === null) return;
    const chunk = Buffer.alloc(REST_BYTES);
    try {
      for (let length = 1; length > 0;) {
        length = readSync(this.#fd, chunk);
        if (length > 0) this.output.push(Buffer.from(chunk.subarray(0, length)));
      }
    } catch {
      // EIO: nothing is left, and nobody is in it.
    }
  }

  resize(size: TerminalSize): void {
    if (this.#held !== null) resizeTerminal(this.#fd, size);
  }

  /** The command has ended. */
  release(): void {
    this.#hasEnded = true;
    if (this.#isAtEnd) this.#letGo();
  }

  #letGo(): void {
    this.#held?.close();
    this.#held = null;
  }
}

function inputTo(socket: Writable): Writable {
  let isAtLineStart = true;
  return new Writable({
    write(chunk: Buffer, _, done) {
      isAtLineStart = chunk.at(-1) === 0x0a;
      socket.write(chunk, (error) => done(error));
    },
    final(done) {
      // In the middle of a line, the first only hands over what there is of it.
      if (!socket.destroyed) socket.write(isAtLineStart ? END_OF_INPUT : END_OF_INPUT + END_OF_INPUT, () => done());
      else done();
    },
  });
}
