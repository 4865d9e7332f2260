// Three pages, one after another, under the profiler: nearly all of the time is spent waiting.
import { profile } from 'manycore/profile';
import { pages } from './page-server.ts';

const { urls, close } = await pages(1000);

const fetchPages = profile({ limit: 12 })(async function fetchPages(hosts: readonly string[]): Promise<void> {
  for (const host of hosts) {
    const response = await fetch(host);
    await response.text();
    console.log(`Fetched : ${host}`);
  }
});

const begin = performance.now();
await fetchPages(urls);
console.log(`All pages took ${((performance.now() - begin) / 1000).toFixed(1)} s`);
close();
