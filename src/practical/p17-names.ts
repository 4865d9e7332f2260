// Exercise: give each thread a name of its own, and print it. A thread that gets none is called after its function.
import { currentThread, Thread } from 'manycore/threading';

function worker(): void {
  console.log(`${currentThread().name} is at work`);
}

for (const name of ['Alice', 'Bob', 'Carol', 'Dave']) new Thread({ target: worker, name }).start();
new Thread({ target: worker }).start();
