// Three pages by an executor with one worker: still one after another.
import { ThreadPoolExecutor } from 'manycore/futures';
import { pages } from './page-server.ts';

const { urls, close } = await pages(300);

async function fetchPage(url: string): Promise<number> {
  const response = await fetch(url);
  return (await response.text()).length;
}

const begin = performance.now();
const pool = new ThreadPoolExecutor({ maxWorkers: 1 });
let at = 0;
for await (const length of pool.map(fetchPage, urls, { chunkSize: 1 })) console.log(`Fetched : ${urls[at++]} (${length} characters)`);
await pool.shutdown();
console.log(`All pages took ${((performance.now() - begin) / 1000).toFixed(1)} s`);
close();
