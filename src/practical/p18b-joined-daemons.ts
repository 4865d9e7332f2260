// Who wants a daemon to come to its end waits for it: `join`.
import { setTimeout as sleep } from 'node:timers/promises';
import { Thread } from 'manycore/threading';

const daemon = new Thread({
  name: 'daemon',
  daemon: true,
  target: async () => {
    console.log('Starting daemon');
    await sleep(200);
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
await daemon.join();
await nonDaemon.join();
