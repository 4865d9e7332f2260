// A function that blocks, in an executor that the event loop drives; then the same as coroutines.
import { createTask, getRunningLoop, run, sleep, wait } from 'manycore/asyncio';
import { ThreadPoolExecutor } from 'manycore/futures';
import { sleepSync } from './sleep-sync.ts';

await using executor = new ThreadPoolExecutor({ maxWorkers: 8 });
const numbers = [1, 2, 3, 4, 5, 6, 7, 8, 9];

function task(pid: number): void {
  sleepSync(Math.floor(Math.random() * 3));
  console.log(`Task ${pid} done`);
}

async function taskCoro(pid: number): Promise<void> {
  await sleep(Math.floor(Math.random() * 3));
  console.log(`Task ${pid} done`);
}

function synchronous(): void {
  for (const i of numbers) task(i);
}

async function asynchronousThreads(): Promise<void> {
  const loop = getRunningLoop();
  await wait(numbers.map((i) => loop.runInExecutor(executor, task, i)));
}

async function asynchronousCoro(): Promise<void> {
  await wait(numbers.map((i) => createTask(() => taskCoro(i))));
}

console.log('Synchronous:');
synchronous();

console.log('Asynchronous threads:');
await run(asynchronousThreads);

console.log('Asynchronous using coroutines:');
await run(asynchronousCoro);
