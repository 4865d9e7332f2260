// Variants: the one that pauses is cancelled in its pause, or out of time in it; what it would have fetched is never asked for.
import { CancelledError, createTask, currentSignal, run, sleep, timeout, TimeoutError, until } from 'manycore/asyncio';
import { pages } from './page-server.ts';

const { urls, close } = await pages(200);

async function fetchPage(url: string, pause = false): Promise<void> {
  if (pause) {
    try {
      await sleep(2000);
    } finally {
      console.log('the pause is over');
    }
  }
  const response = await until(fetch(url, { signal: currentSignal() }));
  console.log(`fetched: ${(await until(response.text())).trim()}`);
}

await run(async () => {
  const [one = '', two = '', three = ''] = urls;
  const paused = createTask(() => fetchPage(two, true));
  await fetchPage(one);
  paused.cancel('there is no time for pauses');
  try {
    await paused;
  } catch (error) {
    if (error instanceof CancelledError) console.log(`cancelled: ${error.message}`);
  }
  try {
    await timeout(300, () => fetchPage(three, true));
  } catch (error) {
    if (error instanceof TimeoutError) console.log('the pause took too long');
  }
});
close();
