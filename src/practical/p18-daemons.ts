// A daemon does not keep the program alive: it goes when all others have ended.
import { setTimeout as sleep } from 'node:timers/promises';
import { Thread } from 'manycore/threading';

async function daemon(): Promise<void> {
  console.log('Starting daemon');
  await sleep(200);
  console.log('Exiting daemon');
}

function nonDaemon(): void {
  console.log('Starting non-daemon');
  console.log('Exiting non-daemon');
}

new Thread({ target: daemon, name: 'daemon', daemon: true }).start();
new Thread({ target: nonDaemon, name: 'non-daemon' }).start();
