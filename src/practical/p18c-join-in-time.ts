// `join` waits as long as one likes, and says whether the thread has ended by then.
import { setTimeout as sleep } from 'node:timers/promises';
import { Thread } from 'manycore/threading';

const daemon = new Thread({
  name: 'daemon',
  daemon: true,
  target: async () => {
    console.log('Starting daemon');
    await sleep(60_000);
    console.log('Exiting daemon');
  },
});
const nonDaemon = new Thread({
  name: 'non-daemon',
  target: () => {
    console.log('Starting non-daemon');
    console.log('Exiting non-daemon');
  },
});

daemon.start();
nonDaemon.start();
await daemon.join({ timeout: 500 });
console.log('d.isAlive()', daemon.isAlive ? 'True' : 'False');
await nonDaemon.join();
