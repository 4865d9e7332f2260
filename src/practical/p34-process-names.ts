// Processes have names: numbers, unless they are given one.
import { currentProcess, Process } from 'manycore/multiprocessing';

function doubler(number: number): void {
  console.log(`${number} doubled to ${number * 2} by: ${currentProcess().name}`);
}

const processes = [5, 10, 15, 20, 25].map((number) => new Process({ target: doubler, args: [number] }));
processes.push(new Process({ target: doubler, args: [2], name: 'Test' }));
for (const process of processes) process.start();
for (const process of processes) await process.join();
