import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { connect as connectBare } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Channel } from '../../../src/slurm/channel/channel.ts';
import { RecordReader, RecordWriter } from '../../../src/slurm/channel/records.ts';
import { readRunFile, writeRunFile } from '../../../src/slurm/channel/run-file.ts';
import { connect, listen, type Listener } from '../../../src/slurm/channel/secure.ts';
import { LONG } from '../../support/patience.ts';
import { test } from '../../support/test.ts';
import { until } from '../../support/until.ts';

const times = { heartbeat: 1000, silence: LONG };
const secret = randomBytes(32);

async function pair(of: Partial<typeof times> = {}): Promise<{ listener: Listener; here: Channel; there: Channel }> {
  let there: Channel | undefined;
  const listener = await listen({ ...times, ...of, host: '127.0.0.1', secret, onChannel: (channel) => void (there = channel) });
  const here = await connect({ host: '127.0.0.1', port: listener.port }, secret, times, LONG);
  await until(() => there !== undefined);
  return { listener, here, there: there! };
}

test('records come whole and in order, however the stream is cut, with bodies that can be read where they lie', () => {
  const writer = new RecordWriter();
  const bodies = [0, 1, 7, 8, 9, 5000].map((size) => randomBytes(size));
  for (const [i, body] of bodies.entries()) writer.add(i, i * 10, i * 100, body);
  writer.add(9, 2 ** 32 - 1, 2 ** 32 - 1);
  const bytes = writer.take();
  assert.equal(writer.length, 0);
  for (const piece of [1, 3, 16, 100, bytes.length]) {
    const seen: unknown[] = [];
    const reader = new RecordReader((code, id, extra, body) => seen.push([code, id, extra, Buffer.from(body)]));
    for (let at = 0; at < bytes.length; at += piece) reader.push(Buffer.from(bytes.subarray(at, at + piece)));
    assert.deepEqual(seen, [...bodies.map((body, i) => [i, i * 10, i * 100, body]), [9, 2 ** 32 - 1, 2 ** 32 - 1, Buffer.alloc(0)]]);
  }
});

test('a length that can be none is refused before anything is kept for it', () => {
  const reader = new RecordReader(() => assert.fail());
  const nonsense = Buffer.alloc(16, 0xff);
  assert.throws(() => reader.push(nonsense), { name: 'StateError', code: 'ERR_RECORD_TOO_LONG' });
});

test('two ends with the secret speak with each other; what was said before the end comes', async () => {
  const { listener, here, there } = await pair();
  const heard: string[] = [];
  there.onRecord((code, _id, _extra, body) => heard.push(`${code} ${body.toString()}`));
  for (let i = 0; i < 3; i++) here.send(50 + i, 0, 0, Buffer.from(`text ${i}`));
  const closed = new Promise<string>((resolve) => (there.onClose = ({ code }) => resolve(code)));
  await here.end();
  assert.equal(await closed, 'ERR_CHANNEL_CLOSED');
  assert.deepEqual(heard, ['50 text 0', '51 text 1', '52 text 2']);
  listener.close();
});

test('who has not the secret is turned away, on either side, and so is who speaks something else', async () => {
  let met = 0;
  const listener = await listen({ ...times, host: '127.0.0.1', secret, onChannel: () => void met++ });
  const place = { host: '127.0.0.1', port: listener.port };
  await assert.rejects(connect(place, randomBytes(32), times, LONG), { name: 'ChannelError', code: 'ERR_CHANNEL_SECRET' });
  const bare = connectBare(place);
  bare.on('error', () => {});
  const gone = new Promise((resolve) => bare.once('close', resolve));
  bare.write('GET / HTTP/1.1\r\n\r\n');
  await gone;
  await until(() => listener.turnedAway === 2);
  assert.equal(met, 0);
  listener.close();
});

test('where nobody listens, it is told apart from where there is no way', async () => {
  const listener = await listen({ ...times, host: '127.0.0.1', secret, onChannel: () => {} });
  const { port } = listener;
  listener.close();
  await assert.rejects(connect({ host: '127.0.0.1', port }, secret, times, LONG), { code: 'ERR_CHANNEL_REFUSED' });
  await assert.rejects(connect({ host: 'no-such-host.invalid', port }, secret, times, LONG), { code: 'ERR_CHANNEL_NO_ROUTE' });
});

test('an end that is silent is given up; heartbeats keep one that has nothing to say', async () => {
  const { listener, here, there } = await pair({ silence: 200 });
  let isClosed = false;
  there.onClose = ({ code }) => void (isClosed = code === 'ERR_CHANNEL_SILENT');
  // This end says something once a second only, and the other one gives up after a fifth of that.
  await until(() => isClosed);
  here.close();
  listener.close();
});

test('a file with the secret that others can read is refused, and so is one that is not there', () => {
  const folder = mkdtempSync(join(tmpdir(), 'manycore-run-'));
  const path = join(folder, 'run.json');
  writeRunFile(path, { run: 'mine' } as never);
  assert.equal(readRunFile(path).run, 'mine');
  chmodSync(path, 0o644);
  assert.throws(() => readRunFile(path), { code: 'ERR_RUN_FILE', message: /must not be readable to others: its mode is 644/ });
  rmSync(folder, { recursive: true });
  assert.throws(() => readRunFile(path), { code: 'ERR_RUN_FILE', message: /has to lie in a folder that all nodes see/ });
});
