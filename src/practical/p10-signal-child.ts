// Waits three seconds for SIGUSR1. `--wait`: another program sends it; without, a shell in the background does.
import { pause, signal } from 'manycore/signal';
import { Popen } from 'manycore/subprocess';

const name = `CHILD ${String(process.pid).padStart(6)}`;
let received = false;

console.log(`${name}: Setting up signal handler`);
signal('SIGUSR1', () => {
  received = true;
  console.log(`${name}: Received USR1`);
});
console.log(`${name}: Pausing to wait for signal`);
if (!process.argv.includes('--wait')) new Popen(`sleep 1; kill -USR1 ${process.pid}`, { shell: true }).poll();
await pause({ timeout: 3000 });

if (!received) console.log(`${name}: Never received signal`);
