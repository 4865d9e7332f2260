import { get } from 'node:http';
import { WebSocket } from 'ws';
import { StateError } from '../../base/errors.ts';

/*
 * How Node's inspector is spoken to. Node's own `fetch` and `WebSocket` take a hundred milliseconds to load, live on a while for the sake of
 * connections that might be wanted again, and before Node 22 the second is not there.
 */
const HOST = '127.0.0.1';

/** What is answered to a GET. Rejects when there is no such answer within `timeout` milliseconds. */
export function httpGet(port: number, path: string, timeout: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = get({ host: HOST, port, path, agent: false }, (response) => {
      let answer = '';
      response
        .setEncoding('utf8')
        .on('data', (text: string) => void (answer += text))
        .once('end', () => {
          if (response.statusCode === 200) resolve(answer);
          else reject(new Error(`the connection was closed without an answer: status ${response.statusCode}`));
        });
    });
    const limit = setTimeout(() => request.destroy(new Error(`no answer within ${timeout} ms`)), timeout);
    request.on('error', reject).once('close', () => {
      clearTimeout(limit);
      reject(new Error('the connection was closed without an answer'));
    });
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
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url, { perMessageDeflate: false });
    let isOpen = false;
    socket
      .on('message', (data) => text((data as Buffer).toString()))
      .once('open', () => {
        isOpen = true;
        resolve({ send: (words) => socket.send(words), close: () => socket.close() });
      })
      // The end follows.
      .on('error', () => {})
      .once('close', () => {
        if (isOpen) closed();
        else reject(new StateError('ERR_ATTACH', `the inspector at ${url} refused the connection`));
      });
  });
}
