// Starts a program, and sends it a signal a second later.
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { kill } from 'manycore/signal';
import { Popen } from 'manycore/subprocess';

const child = fileURLToPath(new URL('./p10-signal-child.js', import.meta.url));
const proc = new Popen([process.execPath, child, '--wait']);
console.log('PARENT      : Pausing before sending signal...');
await sleep(1000);
console.log('PARENT      : Signaling child');
kill(proc.pid, 'SIGUSR1');
await proc.wait();
