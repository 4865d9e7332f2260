import { fuzz } from '../asyncio/cancel-fuzz.ts';
import { test } from '../asyncio/support.ts';

test('a million operations of tasks that are cancelled at any moment', async () => {
  let operations = 0;
  let cancels = 0;
  for (let seed = 1; operations < 1e6; seed++) {
    const fuzzed = await fuzz(seed, 200);
    operations += fuzzed.operations;
    cancels += fuzzed.cancels;
  }
  console.log(`# ${operations} operations, ${cancels} cancellations`);
});
