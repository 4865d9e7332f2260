import assert from 'node:assert/strict';
import { authenticate, authenticateSync } from '../../../src/host/peer/authenticate.ts';
import { frameHeader } from '../../../src/host/peer/frame-cutter.ts';
import { Frames } from '../../../src/host/peer/frames.ts';
import { SHORT } from '../../support/patience.ts';
import { test } from '../../support/test.ts';
import { socketPair } from './socket-pair.ts';

const secret = Buffer.from('a secret');

test('two sides that know the secret prove it to each other, and long frames may follow at once', async () => {
  using pair = await socketPair();
  using listener = new Frames(pair.there);
  using client = new Frames(pair.here);
  const body = Buffer.alloc(100_000, 'b');
  const came = authenticate(client, secret, 'client').then(() => client.send(body));
  await authenticate(listener, secret, 'listener');
  assert.ok(body.equals((await listener.receive())!));
  assert.equal(await came, true);
});

test('a wrong secret is refused by both sides, and the connection is closed', async () => {
  using pair = await socketPair();
  using listener = new Frames(pair.there);
  using client = new Frames(pair.here);
  const refused = { name: 'AuthenticationError', code: 'ERR_AUTHENTICATION' };
  await Promise.all([
    assert.rejects(authenticate(listener, secret, 'listener'), refused),
    assert.rejects(authenticate(client, Buffer.from('another'), 'client'), refused),
  ]);
  await assert.rejects(listener.receive(), { code: 'ERR_CONNECTION_CLOSED' });
});

test('a side that is silent, goes away, or talks nonsense does not get in', async () => {
  const refused = { name: 'AuthenticationError' };
  for (const hostile of [null, Buffer.alloc(0), frameHeader(257), frameHeader(3), Buffer.concat([frameHeader(2), Buffer.from('no')])]) {
    using pair = await socketPair();
    using listener = new Frames(pair.there);
    if (hostile !== null) pair.here.end(hostile);
    await assert.rejects(authenticate(listener, secret, 'listener', { timeout: hostile === null ? SHORT : null }), refused);
  }
  for (const hostile of ['#WELCOME#', '#CHALLENGE#too short', `#CHALLENGE#{md5}${'x'.repeat(40)}`, `#CHALLENGE#${'x'.repeat(40)}`]) {
    using pair = await socketPair();
    using client = new Frames(pair.there);
    pair.here.write(Buffer.concat([frameHeader(hostile.length), Buffer.from(hostile)]));
    assert.throws(() => authenticateSync(client, secret, 'client'), refused);
  }
});

test('a challenge that is sent back proves nothing', async () => {
  using pair = await socketPair();
  using listener = new Frames(pair.there);
  using mirror = new Frames(pair.here);
  const accepted = assert.rejects(authenticate(listener, secret, 'listener'), { name: 'AuthenticationError' });
  const challenge = (await mirror.receive())!;
  await mirror.send(challenge.subarray('#CHALLENGE#'.length));
  assert.equal((await mirror.receive())!.toString(), '#FAILURE#');
  await accepted;
});
