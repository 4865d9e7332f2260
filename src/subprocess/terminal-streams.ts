import { Readable, Writable } from 'node:stream';
import { socketOn } from './exit-watch.ts';

/** What a terminal takes for the end of the input, at the beginning of a line. */
const END_OF_INPUT = '\x04';

/**
 * Our end of a pseudo-terminal as two streams. Closing the writing one tells the program that its input has ended; the reading one ends
 * when the last program has left the terminal.
 */
export function terminalStreams(fd: number): { readonly input: Writable; readonly output: Readable } {
  const socket = socketOn(fd);
  socket.pause();
  let isAtLineStart = true;
  const input = new Writable({
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
  const output = new Readable({
    read: () => void socket.resume(),
    destroy(error, done) {
      socket.destroy();
      done(error);
    },
  });
  socket.on('data', (chunk) => {
    if (!output.push(chunk)) socket.pause();
  });
  // That nobody is left in it, the system reports as an error, EIO.
  socket.on('error', () => {});
  socket.once('close', () => output.push(null));
  return { input, output };
}
