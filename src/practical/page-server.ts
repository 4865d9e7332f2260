import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** Three pages, each so many milliseconds slow, on this machine; or the URLs of the command line. */
export async function pages(delay: number): Promise<{ readonly urls: readonly string[]; readonly close: () => void }> {
  const given = process.argv.slice(2);
  if (given.length > 0) return { urls: given, close: () => {} };
  const server = createServer((request, response) => {
    void sleep(delay).then(() => response.end(`This is the page ${request.url}.\n`));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const close = (): void => {
    server.close();
    server.closeAllConnections();
  };
  const { port } = server.address() as AddressInfo;
  return { urls: ['one', 'two', 'three'].map((page) => `http://127.0.0.1:${port}/${page}`), close };
}
