// Only the main thread handles signals: a thread that waits for one waits in vain, until the alarm ends the program.
import { setTimeout as sleep } from 'node:timers/promises';
import { alarm, kill, pause, signal } from 'manycore/signal';
import { currentThread, Thread } from 'manycore/threading';

signal('SIGUSR1', (_, number) => console.log(`Received signal ${number} in ${currentThread().name}`));

async function waitForSignal(): Promise<void> {
  console.log('Waiting for signal in', currentThread().name);
  await pause();
  console.log('Done waiting');
}

function sendSignal(): void {
  console.log('Sending signal in', currentThread().name);
  kill(process.pid, 'SIGUSR1');
}

const receiver = new Thread({ target: waitForSignal, name: 'receiver' });
receiver.start();
await sleep(100);

const sender = new Thread({ target: sendSignal, name: 'sender' });
sender.start();
await sender.join();
await sleep(100);

console.log('Waiting for', receiver.name);
alarm(2000);
await receiver.join();
