// Two coroutines hand over to each other where they await.
import { createTask, run, sleep, wait } from 'manycore/asyncio';

async function foo(): Promise<void> {
  console.log('Running in foo');
  await sleep(0);
  console.log('Explicit context switch to foo again');
}

async function bar(): Promise<void> {
  console.log('Explicit context to bar');
  await sleep(0);
  console.log('Implicit context switch back to bar');
}

await run(() => wait([createTask(foo), createTask(bar)]));
