// An alarm that a thread has set rings in the main thread, and does not cut short the thread's sleep.
import { setTimeout as sleep } from 'node:timers/promises';
import { alarm, signal } from 'manycore/signal';
import { currentThread, Thread } from 'manycore/threading';

const begin = Date.now();
const tell = (what: string): void => console.log(`${((Date.now() - begin) / 1000).toFixed(1)} s ${what}`);

signal('SIGALRM', () => tell(`Alarm in ${currentThread().name}`));

async function useAlarm(): Promise<void> {
  const { name } = currentThread();
  tell(`Setting alarm in ${name}`);
  alarm(1000);
  tell(`Sleeping in ${name}`);
  await sleep(3000);
  tell(`Done with sleep in ${name}`);
}

const alarmThread = new Thread({ target: useAlarm, name: 'alarm_thread' });
alarmThread.start();
await sleep(100);

tell(`Waiting for ${alarmThread.name}`);
await alarmThread.join();
tell('Exiting normally');
