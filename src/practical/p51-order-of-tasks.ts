// Nine short tasks one after another, then at once: they end in any order.
import { createTask, run, sleep, wait } from 'manycore/asyncio';
import { sleepSync } from './sleep-sync.ts';

const randomMs = (): number => Math.floor(Math.random() * 3);

function task(pid: number): void {
  sleepSync(randomMs());
  console.log(`Task ${pid} done`);
}

async function taskCoro(pid: number): Promise<void> {
  await sleep(randomMs());
  console.log(`Task ${pid} done`);
}

function synchronous(): void {
  for (let i = 1; i < 10; i++) task(i);
}

async function asynchronous(): Promise<void> {
  const tasks = [1, 2, 3, 4, 5, 6, 7, 8, 9].map((i) => createTask(() => taskCoro(i)));
  await wait(tasks);
}

console.log('Synchronous:');
synchronous();

console.log('Asynchronous:');
await run(asynchronous);
