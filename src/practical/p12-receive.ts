// Handlers for two signals, until a third ends the program. `--wait`: send them from another terminal; without, a shell in the
// background does.
import { setTimeout as sleep } from 'node:timers/promises';
import { signal } from 'manycore/signal';
import { Popen } from 'manycore/subprocess';

function receiveSignal(_: string, number: number): void {
  console.log('Received:', number);
}

signal('SIGUSR1', receiveSignal);
signal('SIGUSR2', receiveSignal);
console.log('My PID is:', process.pid);

const { pid } = process;
const others = `for name in USR1 USR2 INT; do sleep 0.7; kill -$name ${pid}; done`;
if (!process.argv.includes('--wait')) new Popen(others, { shell: true }).poll();

for (;;) {
  console.log('Waiting...');
  await sleep(3000);
}
