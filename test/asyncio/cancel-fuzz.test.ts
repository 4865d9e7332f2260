import { fuzz } from './cancel-fuzz.ts';
import { test } from './support.ts';

test('tasks that are cancelled at any moment lose nothing, hold nothing and leave nobody waiting', async () => {
  const { operations, cancels } = await fuzz(Date.now() % 1e6, 60);
  console.log(`# ${operations} operations, ${cancels} cancellations`);
});
