// The same with one daemon thread a page, fed by a queue: the pages are waited for at once.
import { profile } from 'manycore/profile';
import { Queue } from 'manycore/queue';
import { Thread } from 'manycore/threading';
import { pages } from './page-server.ts';

const { urls, close } = await pages(1000);

class ThreadUrl extends Thread {
  readonly queue: Queue<string>;

  constructor(queue: Queue<string>) {
    super({ daemon: true });
    this.queue = queue;
  }

  override async run(): Promise<void> {
    for await (const host of this.queue) {
      const response = await fetch(host);
      await response.text();
      console.log(`Fetched: ${host}`);
      this.queue.taskDone();
    }
  }
}

const fetchPages = profile({ limit: 12 })(async function fetchPages(hosts: readonly string[]): Promise<void> {
  const queue = new Queue<string>();
  for (const _ of hosts) new ThreadUrl(queue).start();
  for (const host of hosts) await queue.put(host);
  await queue.join();
});

const begin = performance.now();
await fetchPages(urls);
console.log(`All pages took ${((performance.now() - begin) / 1000).toFixed(1)} s`);
close();
