import assert from 'node:assert/strict';
import { PIPE, Popen, run } from '../../src/subprocess/index.ts';
import { test } from '../support/test.ts';

test('two gigabytes go through communicate, from a command and to it', async () => {
  const bytes = 2 ** 31 + 5;
  const { stdout } = await new Popen(['head', '-c', String(bytes), '/dev/zero'], { stdout: PIPE }).communicate();
  assert.equal(stdout.length, bytes);
  assert.deepEqual([...stdout.subarray(-5)], [0, 0, 0, 0, 0]);
  assert.equal((await run(['wc', '-c'], { input: stdout, stdout: PIPE, text: true })).stdout, `${bytes}\n`);
});
