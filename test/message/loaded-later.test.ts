import assert from 'node:assert/strict';
import { copies } from './copies.ts';
import { Program } from '../support/program.ts';
import { test } from '../support/test.ts';

test('neither to send functions nor to run threads loads what the program has not asked Node for', async () => {
  const program = new Program(
    `import { Thread } from 'manycore/threading';
     const list = [1, 2, 3];
     const loaded = () => process.moduleLoadList.filter((name) => /undici|webcrypto|webstreams.(?:readable|transform|encoding)|http|webstorage/.test(name));
     const before = loaded();
     const thread = new Thread({ target: () => console.log(list.length, loaded().length) });
     thread.start();
     await thread.join();
     console.log(loaded().length - before.length);`,
  );
  const { stdout, stderr } = await program.ended;
  assert.deepEqual([stdout, stderr], ['3 0\n0\n', '']);
});

const LATER =
  'performance Performance crypto CryptoKey SubtleCrypto ReadableStream ReadableStreamDefaultReader WritableStream TransformStream CountQueuingStrategy TextDecoderStream CompressionStream File Headers Request FormData MessageEvent WebSocket Navigator QuotaExceededError'.split(
    ' ',
  );

test('what Node has loaded since functions were sent first arrives as what it is there', async () => {
  for (const first of await copies({ list: [() => 1] })) assert.equal(first.list[0]!(), 1);
  for (const name of LATER) {
    const value = (globalThis as Record<string, unknown>)[name];
    if (value === undefined) continue; // Not in this version of Node.
    for (const copy of await copies({ get: () => value })) assert.equal(copy.get(), value, name);
  }
  const { digest } = crypto.subtle;
  const { getReader } = ReadableStream.prototype;
  for (const copy of await copies({ get: () => [digest, getReader] })) assert.deepEqual(copy.get(), [digest, getReader]);
});
