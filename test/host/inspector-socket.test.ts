import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { close, open, url } from 'node:inspector';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { deferred } from '../../src/base/deferred.ts';
import { httpGet, openTextSocket } from '../../src/host/attach/inspector-socket.ts';
import { test } from '../support/test.ts';

test('texts of every length go to an inspector and come back', async () => {
  open(0, '127.0.0.1');
  try {
    const list = JSON.parse(await httpGet(Number(new URL(url()!).port), '/json/list', 10_000)) as { webSocketDebuggerUrl: string }[];
    assert.equal(list[0]?.webSocketDebuggerUrl, url());
    const answers = new Map<number, (text: string) => void>();
    const closed = deferred<void>();
    const socket = await openTextSocket(url()!, {
      text: (text) => answers.get((JSON.parse(text) as { id: number }).id)?.(text),
      closed: closed.resolve,
    });
    for (const [id, length] of [0, 1, 60, 125, 126, 127, 200, 65_535, 65_536, 300_000].entries()) {
      const text = 'é'.repeat(length);
      const answer = new Promise<string>((resolve) => answers.set(id, resolve));
      const params = { expression: JSON.stringify(text), returnByValue: true };
      socket.send(JSON.stringify({ id, method: 'Runtime.evaluate', params }));
      const { result } = JSON.parse(await answer) as { result: { result: { value: string } } };
      assert.ok(result.result.value === text, String(length));
    }
    socket.close();
    await closed.promise;
  } finally {
    close();
  }
});

async function serve(answer: (socket: Socket, request: string) => void): Promise<{ server: Server; address: string }> {
  const server = createServer((socket) => {
    let request = '';
    socket.setEncoding('latin1').on('error', () => {});
    socket.on('data', (text: string) => {
      const isHead = request.includes('\r\n\r\n');
      request += text;
      if (!isHead && request.includes('\r\n\r\n')) answer(socket, request);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { server, address: `ws://127.0.0.1:${(server.address() as AddressInfo).port}/a` };
}

test('frames may come byte by byte, a message in several of them, and pings between; then the other side says goodbye', async () => {
  const { server, address } = await serve((socket, request) => {
    const key = /^sec-websocket-key: *(.*)\r$/im.exec(request)![1]!;
    const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
    const fields = `Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: ${accept}`;
    const hello = Buffer.from(`HTTP/1.1 101 Switching Protocols\r\n${fields}\r\n\r\n`);
    const frames = [
      [0x01, 2, 0x68, 0x65],
      [0x89, 1, 0x21],
      [0x00, 1, 0x6c],
      [0x80, 2, 0x6c, 0x6f],
      [0x81, 0],
      [0x88, 0],
    ];
    const bytes = Buffer.concat([hello, ...frames.map((frame) => Buffer.from(frame))]);
    socket.setNoDelay(true);
    const next = (i: number): void => void (i < bytes.length && socket.write(bytes.subarray(i, i + 1), () => setImmediate(next, i + 1)));
    next(0);
    socket.once('end', () => socket.end());
  });
  const texts: string[] = [];
  const closed = deferred<void>();
  await openTextSocket(address, { text: (text) => void texts.push(text), closed: closed.resolve });
  await closed.promise;
  assert.deepEqual(texts, ['hello', '']);
  server.close();
});

test('who refuses, does not answer or is not there is an error', async () => {
  const events = { text: () => {}, closed: () => {} };
  const refusing = await serve((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
  await assert.rejects(openTextSocket(refusing.address, events), { code: 'ERR_ATTACH', message: /refused the connection/ });
  await assert.rejects(httpGet(Number(new URL(refusing.address).port), '/json/list', 10_000), /without an answer/);
  refusing.server.close();
  await once(refusing.server, 'close');
  await assert.rejects(openTextSocket(refusing.address, events), { code: 'ERR_ATTACH' });
  const silent = await serve(() => {});
  await assert.rejects(httpGet(Number(new URL(silent.address).port), '/json/list', 20), /no answer within 20 ms/);
  silent.server.close();
});
