// The same with a worker for each page: the pages are waited for at once, and come as they are ready.
import { asCompleted, ThreadPoolExecutor } from 'manycore/futures';
import { pages } from './page-server.ts';

const { urls, close } = await pages(1000);

async function fetchPage(url: string): Promise<string> {
  const response = await fetch(url);
  await response.text();
  return url;
}

const begin = performance.now();
const pool = new ThreadPoolExecutor({ maxWorkers: urls.length });
const futures = urls.map((url) => pool.submit(fetchPage, url));
for await (const future of asCompleted(futures)) console.log(`Fetched: ${await future}`);
await pool.shutdown();
console.log(`All pages took ${((performance.now() - begin) / 1000).toFixed(1)} s`);
close();
