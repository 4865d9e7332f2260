import { Socket } from 'node:net';
import { randomBytes } from 'node:crypto';
import { StateError } from '../../base/errors.ts';

/*
 * As much of HTTP and of WebSockets (RFC 6455) as Node's inspector speaks. Node has a client for both, but loads it in a
 * hundred milliseconds, lives on a while for the sake of connections that might be wanted again, and before Node 22 is
 * without its WebSocket.
 */
const HOST = '127.0.0.1';
const TEXT = 0x1;
const CLOSE = 0x8;
const PING = 0x9;
const PONG = 0xa;
const LAST = 0x80;
const MASKED = 0x80;
const SIXTEEN_BITS = 126;
const SIXTY_FOUR_BITS = 127;

const request = (port: number, path: string, fields: readonly string[]): string =>
  [`GET ${path} HTTP/1.1`, `Host: ${HOST}:${port}`, ...fields, '', ''].join('\r\n');

/** What is answered to a GET. Rejects when there is no such answer within `timeout` milliseconds. */
export function httpGet(port: number, path: string, timeout: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = new Socket();
    let answer = '';
    const limit = setTimeout(() => socket.destroy(new Error(`no answer within ${timeout} ms`)), timeout);
    socket
      .setEncoding('utf8')
      .on('data', (text: string) => {
        answer += text;
        const head = answer.indexOf('\r\n\r\n');
        const length = /^content-length: *(\d+)/im.exec(answer.slice(0, Math.max(0, head)))?.[1];
        if (length === undefined || Buffer.byteLength(answer) < head + 4 + Number(length)) return;
        resolve(answer.slice(head + 4));
        socket.destroy();
      })
      .on('error', reject)
      .once('close', () => {
        clearTimeout(limit);
        reject(new Error('the connection was closed without an answer'));
      })
      .connect(port, HOST, () => socket.write(request(port, path, ['Connection: close'])));
  });
}

/** A connection that carries texts. */
export interface TextSocket {
  send(text: string): void;
  /** Says goodbye, and closes. */
  close(): void;
}

export interface TextSocketEvents {
  readonly text: (text: string) => void;
  /** Once, whoever closed it. */
  readonly closed: () => void;
}

/** Connects to an inspector's address. Rejects with `StateError` when it refuses. */
export function openTextSocket(url: string, { text, closed }: TextSocketEvents): Promise<TextSocket> {
  const { port, pathname } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = new Socket();
    const frames = new FrameReader((opcode, payload) => {
      if (opcode === TEXT) text(payload.toString());
      else if (opcode === PING) socket.write(frame(PONG, payload));
      else if (opcode === CLOSE) socket.end(frame(CLOSE, payload));
    });
    let head = Buffer.alloc(0);
    let isOpen = false;
    socket
      .on('data', (bytes) => {
        if (isOpen) return frames.push(bytes);
        head = Buffer.concat([head, bytes]);
        const end = head.indexOf('\r\n\r\n');
        if (end < 0) return;
        if (!head.subarray(0, end).toString('latin1').startsWith('HTTP/1.1 101')) return void socket.destroy();
        isOpen = true;
        resolve({
          send: (words) => void socket.write(frame(TEXT, Buffer.from(words))),
          close: () => void socket.end(frame(CLOSE, Buffer.alloc(0))),
        });
        frames.push(head.subarray(end + 4));
      })
      // The end follows.
      .on('error', () => {})
      .once('close', () => {
        if (isOpen) closed();
        else reject(new StateError('ERR_ATTACH', `the inspector at ${url} refused the connection`));
      })
      .setNoDelay(true)
      .connect(Number(port), HOST, () => {
        const key = randomBytes(16).toString('base64');
        socket.write(
          request(Number(port), pathname, [
            'Connection: Upgrade',
            'Upgrade: websocket',
            'Sec-WebSocket-Version: 13',
            `Sec-WebSocket-Key: ${key}`,
          ]),
        );
      });
  });
}

/** One message in one frame; what a client sends is masked. */
function frame(opcode: number, payload: Buffer): Buffer {
  const { length } = payload;
  const size = length < SIXTEEN_BITS ? 0 : length < 2 ** 16 ? 2 : 8;
  const head = Buffer.alloc(2 + size);
  head[0] = LAST | opcode;
  head[1] = MASKED | (size === 0 ? length : size === 2 ? SIXTEEN_BITS : SIXTY_FOUR_BITS);
  if (size === 2) head.writeUInt16BE(length, 2);
  if (size === 8) head.writeBigUInt64BE(BigInt(length), 2);
  const mask = randomBytes(4);
  return Buffer.concat([head, mask, payload.map((byte, i) => byte ^ mask[i & 3]!)]);
}

/** Puts frames together again, and messages that came in several. */
class FrameReader {
  readonly #message: (opcode: number, payload: Buffer) => void;
  #chunks: Buffer[] = [];
  #length = 0;
  /** How much is needed before there is anything to look at. */
  #needed = 2;
  #parts: Buffer[] = [];
  #opcode = 0;

  constructor(message: (opcode: number, payload: Buffer) => void) {
    this.#message = message;
  }

  push(bytes: Buffer): void {
    this.#chunks.push(bytes);
    this.#length += bytes.length;
    while (this.#length >= this.#needed && this.#length > 0) {
      const all = this.#chunks.length === 1 ? this.#chunks[0]! : Buffer.concat(this.#chunks);
      this.#chunks = [all];
      const used = this.#frame(all);
      if (used === 0) return;
      this.#needed = 2;
      this.#chunks = [all.subarray(used)];
      this.#length -= used;
    }
  }

  /** How many bytes the first frame has; 0: it has not come yet. */
  #frame(all: Buffer): number {
    const short = all[1]! & 0x7f;
    const size = short < SIXTEEN_BITS ? 0 : short === SIXTEEN_BITS ? 2 : 8;
    if (all.length < 2 + size) return this.#wait(2 + size);
    const length = size === 0 ? short : size === 2 ? all.readUInt16BE(2) : Number(all.readBigUInt64BE(2));
    const end = 2 + size + length;
    if (all.length < end) return this.#wait(end);
    const payload = all.subarray(2 + size, end);
    const opcode = all[0]! & 0xf;
    if (opcode >= CLOSE) this.#message(opcode, payload);
    else {
      if (opcode !== 0) this.#opcode = opcode;
      this.#parts.push(payload);
      if ((all[0]! & LAST) !== 0) this.#message(this.#opcode, Buffer.concat(this.#parts.splice(0)));
    }
    return end;
  }

  #wait(needed: number): 0 {
    this.#needed = needed;
    return 0;
  }
}
