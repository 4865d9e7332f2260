// The same with an argument: anything that can be sent may be one.
import { Thread } from 'manycore/threading';

function worker(n: number): void {
  console.log(`Worker: ${n}`);
}

for (let i = 0; i < 5; i++) {
  const thread = new Thread({ target: worker, args: [i] });
  thread.start();
}
