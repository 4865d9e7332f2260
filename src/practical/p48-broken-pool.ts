// A worker process is killed: the pool, as in Python, is broken. Without `breaksOnDeath` another process would take its place.
import { BrokenProcessPool, ProcessPoolExecutor } from 'manycore/futures';

const pid = (): number => process.pid;

await using pool = new ProcessPoolExecutor({ maxWorkers: 2, breaksOnDeath: true });
console.log('getting the pid for one worker');
const first = await pool.submit(pid);
console.log(`killing process ${first}`);
process.kill(first, 'SIGHUP');
console.log('submitting another task');
try {
  // The system needs a moment to tell of the death.
  for (;;) await pool.submit(pid);
} catch (error) {
  if (!(error instanceof BrokenProcessPool)) throw error;
  console.log(`could not start new tasks: ${error.message}`);
}
