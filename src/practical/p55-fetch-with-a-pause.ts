// The same with a pause before the second one: it comes last, whatever its place in the list.
import { createTask, currentSignal, run, sleep, until, wait } from 'manycore/asyncio';
import { pages } from './page-server.ts';

const { urls, close } = await pages(200);

async function fetchPage(url: string, pause = false): Promise<void> {
  if (pause) await sleep(2000);
  const response = await until(fetch(url, { signal: currentSignal() }));
  if (!response.ok) throw new Error(`${url} answered ${response.status}`);
  const content = await until(response.text());
  console.log(`URL: ${url}:  Content: ${content.trim()}`);
}

const tasks = await run(async () => {
  const tasks = urls.map((url, place) => createTask(() => fetchPage(url, place === 1)));
  await wait(tasks);
  return tasks;
});
for (const task of tasks) console.log(task);
close();
