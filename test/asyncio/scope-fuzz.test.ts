import { fuzzScopes } from './scope-fuzz.ts';
import { test } from './support.ts';

test('a program of scopes within scopes is cancelled if somebody cancels it, and only then, whatever fails and expires inside it', async () => {
  const cancels = await fuzzScopes(Date.now() % 4000, 25);
  console.log(`# ${cancels} cancellations`);
});
