import assert from 'node:assert/strict';
import { test } from '../support/test.ts';
import { Program } from '../support/program.ts';

test('functions can be sent after V8 has thrown away the code of what has not been called for a while', async () => {
  const program = new Program(
    `import { Thread } from 'manycore/threading';
     import { setFlagsFromString } from 'node:v8';
     import { runInNewContext } from 'node:vm';
     setFlagsFromString('--expose-gc');
     const collectGarbage = runInNewContext('gc');
     for (let round = 1; round <= 3; round++) {
       collectGarbage();
       const thread = new Thread({ target: () => console.log(round) });
       thread.start();
       await thread.join();
     }`,
    { flags: ['--stress-flush-code'] },
  );
  const { stdout, stderr } = await program.ended;
  assert.deepEqual([stdout, stderr], ['1\n2\n3\n', '']);
});
