// `enumerate` lists the threads that live, the main thread among them: nobody has to keep a list of daemons to wait for.
import { setTimeout as sleep } from 'node:timers/promises';
import { enumerate, mainThread, Thread } from 'manycore/threading';

async function worker(): Promise<void> {
  const pause = (1 + Math.floor(Math.random() * 5)) * 100;
  console.log(`sleeping ${(pause / 1000).toFixed(2)}`);
  await sleep(pause);
  console.log('ending');
}

for (let i = 0; i < 3; i++) new Thread({ target: worker, daemon: true }).start();

for (const thread of enumerate()) {
  if (thread === mainThread()) continue;
  console.log(`joining ${thread.name}`);
  await thread.join();
}
