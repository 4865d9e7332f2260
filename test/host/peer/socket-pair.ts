import { createServer, type Server, Socket } from 'node:net';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Two connected sockets of this process, and the way to be rid of them. */
export async function socketPair(over: 'unix' | 'tcp' = 'unix'): Promise<{ here: Socket; there: Socket } & Disposable> {
  const folder = mkdtempSync(join(tmpdir(), 'pair-'));
  const server: Server = createServer();
  const accepted = new Promise<Socket>((resolve) => server.once('connection', resolve));
  await new Promise<void>((resolve) => {
    if (over === 'unix') server.listen(join(folder, 's'), resolve);
    else server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  const here = new Socket();
  if (typeof address === 'string') here.connect(address);
  else here.connect(address!.port, '127.0.0.1');
  await new Promise<void>((resolve, reject) => here.once('connect', resolve).once('error', reject));
  const there = await accepted;
  server.close();
  return {
    here,
    there,
    [Symbol.dispose]() {
      here.destroy();
      there.destroy();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
