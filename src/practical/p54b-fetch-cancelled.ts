// Variants: one fetch is cancelled, one runs out of time; the others are not disturbed.
import { CancelledError, createTask, currentSignal, run, sleep, timeout, TimeoutError, until } from 'manycore/asyncio';
import { pages } from './page-server.ts';

const { urls, close } = await pages(500);

async function fetchPage(url: string): Promise<string> {
  const response = await until(fetch(url, { signal: currentSignal() }));
  return (await until(response.text())).trim();
}

await run(async () => {
  const [one = '', two = '', three = ''] = urls;
  const kept = createTask(() => fetchPage(one));
  const cancelled = createTask(() => fetchPage(two), { name: 'second page' });
  const late = createTask(() => timeout(100, () => fetchPage(three)));
  await sleep(50);
  cancelled.cancel('it is not wanted any more');
  try {
    await cancelled;
  } catch (error) {
    if (error instanceof CancelledError) console.log(`cancelled: ${error.message}`);
  }
  try {
    await late;
  } catch (error) {
    if (error instanceof TimeoutError) console.log('the third page took too long');
  }
  console.log(`fetched: ${await kept}`);
});
close();
