// Three waits at once: while two take their time, the third one works.
import { createTask, run, sleep, wait } from 'manycore/asyncio';

const begin = performance.now();
const tic = (): string => `at ${((performance.now() - begin) / 1000).toFixed(1)} seconds`;

async function gr1(): Promise<void> {
  console.log(`gr1 started work: ${tic()}`);
  await sleep(2000);
  console.log(`gr1 ended work: ${tic()}`);
}

async function gr2(): Promise<void> {
  console.log(`gr2 started work: ${tic()}`);
  await sleep(2000);
  console.log(`gr2 ended work: ${tic()}`);
}

async function gr3(): Promise<void> {
  console.log(`Let's do some stuff while the coroutines are blocked, ${tic()}`);
  await sleep(1000);
  console.log('Done!');
}

await run(() => wait([createTask(gr1), createTask(gr2), createTask(gr3)]));
