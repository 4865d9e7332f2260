// Five processes double a number each. No guard round the main module is needed: it is not run again in a child.
import { Process } from 'manycore/multiprocessing';

function doubler(number: number): void {
  console.log(`${number} doubled to ${number * 2} by process id: ${process.pid}`);
}

const processes = [5, 10, 15, 20, 25].map((number) => new Process({ target: doubler, args: [number] }));
for (const process of processes) process.start();
for (const process of processes) await process.join();
