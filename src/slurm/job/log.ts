import { promises } from 'node:fs';

const FIRST_MS = 50;
const LONGEST_MS = 1000;
const TAIL_BYTES = 16_384;
const TAIL_LINES = 20;
const CHUNK = 65_536;

/** The last lines of a file; empty when it can't be read here. */
export async function tailOf(path: string | null, lines = TAIL_LINES): Promise<string> {
  if (path === null) return '';
  try {
    const text = await promises.readFile(path);
    return text.subarray(-TAIL_BYTES).toString().trimEnd().split('\n').slice(-lines).join('\n');
  } catch {
    return '';
  }
}

/**
 * The lines of a file that is being written, until `isOver()` and all has been read. A file that does not come is an empty one; one that
 * was cut (a job that was put back begins its log anew) is read from its beginning.
 */
export async function* follow(path: string, isOver: () => boolean, signal?: AbortSignal): AsyncGenerator<string> {
  let at = 0;
  let rest = '';
  let pause = FIRST_MS;
  const decoder = new TextDecoder();
  for (;;) {
    const over = isOver();
    const bytes = await readFrom(path, at);
    if (bytes === 'cut') {
      at = 0;
      rest = '';
      continue;
    }
    if (bytes.length > 0) {
      at += bytes.length;
      const lines = (rest + decoder.decode(bytes, { stream: true })).split('\n');
      rest = lines.pop()!;
      yield* lines;
      pause = FIRST_MS;
      continue;
    }
    if (over) break;
    signal?.throwIfAborted();
    await new Promise((resolve) => setTimeout(resolve, pause));
    signal?.throwIfAborted();
    pause = Math.min(pause * 1.5, LONGEST_MS);
  }
  if (rest !== '') yield rest;
}

async function readFrom(path: string, at: number): Promise<Buffer | 'cut'> {
  let file;
  try {
    file = await promises.open(path, 'r');
  } catch {
    return Buffer.alloc(0);
  }
  try {
    if ((await file.stat()).size < at) return 'cut';
    const { bytesRead, buffer } = await file.read(Buffer.alloc(CHUNK), 0, CHUNK, at);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}
