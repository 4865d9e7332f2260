// Three pages are fetched at once, and their contents printed. A page that takes too long is given up.
import { createTask, currentSignal, run, timeout, until, wait } from 'manycore/asyncio';
import { pages } from './page-server.ts';

const { urls, close } = await pages(200);

async function fetchPage(url: string): Promise<void> {
  const response = await until(fetch(url, { signal: currentSignal() }));
  if (!response.ok) throw new Error(`${url} answered ${response.status}`);
  const content = await until(response.text());
  console.log(`URL: ${url}:  Content: ${content.trim()}`);
}

const tasks = await run(async () => {
  const tasks = urls.map((url) => createTask(() => timeout(10_000, () => fetchPage(url))));
  await wait(tasks);
  return tasks;
});
for (const task of tasks) console.log(task);
close();
