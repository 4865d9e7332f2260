import assert from 'node:assert/strict';
import { doubled } from '../queue/awaited-module.ts';
import { dismissSpares } from '../../src/host/process/spares.ts';
import { Process, Queue as ProcessQueue } from '../../src/multiprocessing/index.ts';
import { Queue } from '../../src/queue/index.ts';
import { Thread } from '../../src/threading/index.ts';
import { after, test } from '../support/test.ts';

after(dismissSpares);

class Base {
  call(n: number): number {
    return doubled(n);
  }
}
class Made extends Base {
  static again(n: number): number {
    return new Made().call(n);
  }
}

const use = async (made: Made, type: typeof Made, results: { put(item: unknown): Promise<void> }): Promise<void> => {
  await results.put(made.call(4)).catch((error: unknown) => results.put(String(error)));
  await results.put(type.again(5));
  await results.put(made instanceof type);
};

// Such a module is loaded after the first attempt to make what needs it: the classes of that attempt lack it, and must not be taken again.
test('a class that uses a module which has to be awaited is whole in a thread, and in a process', async () => {
  const [near, far] = [new Queue(), new ProcessQueue()];
  const thread = new Thread({ target: use, args: [new Made(), Made, near] });
  const child = new Process({ target: use, args: [new Made(), Made, far] });
  for (const one of [thread, child]) one.start();
  for (const one of [thread, child]) await one.join();
  for (const results of [near, far]) assert.deepEqual(await results.getMany(3), [8, 10, true]);
});
