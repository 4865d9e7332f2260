// Two tasks each complete a future, and a callback prints what came.
import { createTask, Future, run, sleep, wait } from 'manycore/asyncio';

async function myCoroutine(future: Future<string>, name: string, secondsToSleep: number): Promise<void> {
  console.log(`${name} sleeping for: ${secondsToSleep} seconds`);
  await sleep(secondsToSleep * 1000);
  future.setResult(`${name} is finished`);
}

const gotResult = (future: Future<string>): void => console.log(future.result());

const future1 = new Future<string>();
const future2 = new Future<string>();
future1.addDoneCallback(gotResult);
future2.addDoneCallback(gotResult);

await run(() => wait([createTask(() => myCoroutine(future1, 'task1', 3)), createTask(() => myCoroutine(future2, 'task2', 1))]));
