import { Readable, Writable } from 'node:stream';
import { duplicate } from '../system/pipes.ts';
import { resizeTerminal, type TerminalSize } from '../system/terminal.ts';
import { holdDescriptor, socketOn, type Watch } from '../host/exit-watch.ts';

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

  /** `fd` belongs to the terminal from now on. */
  constructor(fd: number) {
    // Without one to spare, it is closed a little early.
    this.#fd = duplicate(fd, 3);
    this.#held = this.#fd < 0 ? null : holdDescriptor(this.#fd);
    const socket = socketOn(fd);
    socket.pause();
    this.input = inputTo(socket);
    let isAtEnd = false;
    this.output = new Readable({
      read: () => void socket.resume(),
      destroy: (error, done) => {
        socket.destroy();
        if (!isAtEnd) this.release();
        done(error);
      },
    });
    socket.on('data', (chunk) => {
      if (!this.output.push(chunk)) socket.pause();
    });
    // That nobody is left in it, the system reports as an error, EIO.
    socket.on('error', () => {});
    socket.once('close', () => {
      isAtEnd = true;
      this.output.push(null);
    });
  }

  resize(size: TerminalSize): void {
    if (this.#held !== null) resizeTerminal(this.#fd, size);
  }

  /** The command has ended. */
  release(): void {
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
