import assert from 'node:assert/strict';
import { MaxBufferExceeded, PIPE, Popen, run, runSync, TimeoutExpired } from '../../src/subprocess/index.ts';
import { SHORT } from '../support/patience.ts';
import { test } from '../support/test.ts';
import { isNative } from './library.ts';

/* Much output is read into one piece of memory, once it is known to be much; what came before is taken there. */
const MUCH = 150_000_001;
const LINE = 'the quick brown fox jumps over it\n';
const writes = (bytes: number): string => `yes '${LINE.trim()}' | head -c ${bytes}`;
const expected = Buffer.alloc(MUCH, LINE);

test('an output of many megabytes is exact, however it is read', async () => {
  const command = writes(MUCH);
  const start = (): Popen<{ readonly shell: true; readonly stdout: typeof PIPE }> => new Popen(command, { shell: true, stdout: PIPE });
  assert.ok((await run(command, { shell: true, stdout: PIPE })).stdout.equals(expected));
  assert.ok(runSync(command, { shell: true, stdout: PIPE }).stdout.equals(expected));
  assert.ok((await start().stdout.read()).equals(expected));
});

test('both outputs may be large at once', async () => {
  const command = `(${writes(MUCH)}) & (${writes(MUCH)}) >&2; wait`;
  for (const { stdout, stderr } of [
    await run(command, { shell: true, captureOutput: true }),
    runSync(command, { shell: true, captureOutput: true }),
  ]) {
    assert.ok(stdout.equals(expected));
    assert.ok(stderr.equals(expected));
  }
});

test('a communicate or a read that was given up in the middle of much is taken up again without loss', async () => {
  const half = 70_000_000;
  const command = `${writes(MUCH)} | { head -c ${half}; sleep 0.3; cat; }`;
  for (const sync of isNative ? [false, true] : [false]) {
    const child = new Popen(command, { shell: true, stdout: PIPE });
    for (let isDone = false; !isDone;) {
      try {
        const { stdout } = sync
          ? child.communicateSync(null, { timeout: SHORT * 4 })
          : await child.communicate(null, { timeout: SHORT * 4 });
        assert.ok(stdout.equals(expected));
        isDone = true;
      } catch (error) {
        assert.ok(error instanceof TimeoutExpired);
        const soFar = error.stdout as Buffer;
        assert.ok(soFar.equals(expected.subarray(0, soFar.length)));
      }
    }
  }
  const child = new Popen(command, { shell: true, stdout: PIPE });
  let bytes: Buffer | null = null;
  while (bytes === null) bytes = await child.stdout.read({ signal: AbortSignal.timeout(SHORT * 4) }).catch(() => null);
  assert.ok(bytes.equals(expected));
  assert.equal(await child.wait(), 0);
});

test('of much that is too much, as much is kept as was allowed', async () => {
  for (const maxBuffer of [135_000_000, 140_000_000]) {
    for (const attempt of [
      () => run(writes(MUCH), { shell: true, stdout: PIPE, maxBuffer }),
      async () => runSync(writes(MUCH), { shell: true, stdout: PIPE, maxBuffer }),
    ]) {
      await assert.rejects(attempt(), (error: MaxBufferExceeded) => {
        assert.ok(error instanceof MaxBufferExceeded);
        return (error.stdout as Buffer).equals(expected.subarray(0, maxBuffer));
      });
    }
  }
});
