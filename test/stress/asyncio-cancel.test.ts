import { fuzz } from '../asyncio/cancel-fuzz.ts';
import { fuzzScopes } from '../asyncio/scope-fuzz.ts';
import { test } from '../asyncio/support.ts';

const PARTS = 20;

for (let part = 0; part < PARTS; part++) {
  test(`a million operations of tasks that are cancelled at any moment, part ${part + 1} of ${PARTS}`, async () => {
    let operations = 0;
    let cancels = 0;
    for (let seed = part * 1000; operations < 1e6 / PARTS; seed++) {
      const fuzzed = await fuzz(seed, 50);
      operations += fuzzed.operations;
      cancels += fuzzed.cancels;
    }
    console.log(`# ${operations} operations, ${cancels} cancellations`);
  });
}

for (let part = 0; part < PARTS; part++) {
  test(`twenty thousand programs of scopes within scopes, cancelled at any moment, part ${part + 1} of ${PARTS}`, async () => {
    const cancels = await fuzzScopes(part + 1, 50);
    console.log(`# ${cancels} cancellations`);
  });
}
