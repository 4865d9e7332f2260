import assert from 'node:assert/strict';
import { createServer, type Socket } from 'node:net';
import { Frames } from '../../../src/host/peer/frames.ts';
import { FrameCutter, frameHeader } from '../../../src/host/peer/frame-cutter.ts';
import { LONG, MEDIUM, SHORT } from '../../support/patience.ts';
import { Program } from '../../support/program.ts';
import { test } from '../../support/test.ts';
import { until } from '../../support/until.ts';
import { socketPair } from './socket-pair.ts';

const text = (body: Uint8Array | null): string | null => (body === null ? null : Buffer.from(body).toString());

test('frames are cut the same way however their bytes come', () => {
  const bodies = [Buffer.from('a'), Buffer.alloc(0), Buffer.alloc(70_000, 'x'), Buffer.from('end')];
  const stream = Buffer.concat(bodies.flatMap((body) => [frameHeader(body.length), body]));
  for (const size of [1, 2, 3, 5, 7, 4096, 65_536, stream.length]) {
    const cutter = new FrameCutter();
    const got: Buffer[] = [];
    for (let at = 0; at < stream.length; at += size) {
      cutter.push(stream.subarray(at, at + size));
      for (let body = cutter.next(); body !== null; body = cutter.next()) got.push(body);
    }
    assert.deepEqual(got, bodies);
    assert.equal(cutter.bytes, 0);
  }
});

test('a length of more than 31 bits is told by a longer header', () => {
  const cutter = new FrameCutter();
  assert.equal(frameHeader(0x7fff_ffff).length, 4);
  for (const byte of frameHeader(0x8000_0000)) {
    assert.equal(cutter.nextLength, null);
    cutter.push(Buffer.from([byte]));
  }
  assert.equal(cutter.nextLength, 0x8000_0000);
});

for (const over of ['unix', 'tcp'] as const) {
  test(`${over}: frames keep their boundaries and their order, sent and received in both ways`, async () => {
    using pair = await socketPair(over);
    using here = new Frames(pair.here);
    using there = new Frames(pair.there);
    const sends = ['one', '', 'three'].map((body) => here.send(Buffer.from(body)));
    assert.deepEqual(await Promise.all(sends), [true, true, true]);
    assert.equal(text(await there.receive()), 'one');
    assert.equal(text(there.receiveSync()), '');
    assert.equal(text(await there.receive()), 'three');
    assert.equal(there.sendSync(Buffer.from('back')), true);
    assert.equal(text(here.receiveSync()), 'back');
    assert.equal(await here.receive({ timeout: SHORT }), null);
    assert.equal(here.receiveSync({ timeout: 1 }), null);
    assert.equal(await here.ready({ timeout: 0 }), false);
  });

  test(`${over}: a frame of many megabytes arrives whole`, async () => {
    using pair = await socketPair(over);
    using here = new Frames(pair.here);
    using there = new Frames(pair.there);
    const body = Buffer.alloc(20 << 20);
    for (let i = 0; i < body.length; i += 4) body.writeInt32LE(i, i);
    const sent = here.send(body);
    const after = here.send(Buffer.from('after'));
    assert.ok(body.equals((await there.receive())!));
    assert.equal(text(await there.receive()), 'after');
    assert.deepEqual([await sent, await after], [true, true]);
  });

  test(`${over}: who does not read makes the sender wait; what has not begun is taken back when time is up`, async () => {
    using pair = await socketPair(over);
    using here = new Frames(pair.here);
    using there = new Frames(pair.there);
    const body = Buffer.alloc(1 << 20, 'x');
    let accepted = 0;
    while (await here.send(body, { timeout: MEDIUM })) accepted++;
    assert.equal(await here.send(Buffer.from('never'), { timeout: SHORT }), false);
    await assert.rejects(here.send(Buffer.from('never'), { signal: AbortSignal.abort(new Error('enough')) }), { message: 'enough' });
    assert.throws(() => here.sendSync(Buffer.from('never')), { code: 'ERR_SEND_PENDING' });
    const last = here.send(Buffer.from('last'));
    // The one whose time was up had begun: it arrives too.
    for (let i = 0; i <= accepted; i++) assert.equal((await there.receive({ timeout: LONG }))!.length, body.length);
    assert.equal(text(await there.receive({ timeout: LONG })), 'last');
    assert.equal(await last, true);
  });

  test(`${over}: a blocking sender whose reader does not read comes back in time, and its half frame is completed`, async () => {
    using pair = await socketPair(over);
    using here = new Frames(pair.here);
    using there = new Frames(pair.there);
    const body = Buffer.alloc(32 << 20, 'y');
    assert.equal(here.sendSync(body, { timeout: SHORT }), false);
    assert.ok(body.equals((await there.receive())!));
  });

  test(`${over}: what was sent before the end is received, then the end is told, in either way of waiting`, async () => {
    using pair = await socketPair(over);
    using here = new Frames(pair.here);
    using there = new Frames(pair.there);
    const receiving = there.receive();
    let hasEnded = false;
    void there.ended.then(() => (hasEnded = true));
    here.sendSync(Buffer.from('1'));
    here.sendSync(Buffer.from('2'));
    here.close();
    assert.equal(text(await receiving), '1');
    assert.equal(text(await there.receive()), '2');
    await until(() => hasEnded);
    assert.equal(await there.ready(), true);
    await assert.rejects(there.receive(), { name: 'EndOfFileError', code: 'ERR_EOF' });
    assert.throws(() => there.receiveSync(), { code: 'ERR_EOF' });
    await assert.rejects(
      there.send(Buffer.from('x')).then(() => there.send(Buffer.from('y'))),
      { name: 'BrokenPipeError', code: 'EPIPE' },
    );
    await assert.rejects(here.receive(), { name: 'StateError', code: 'ERR_CONNECTION_CLOSED' });
  });
}

test('what the other side sent before it closed is not lost to a sender that notices first', async () => {
  using pair = await socketPair();
  using here = new Frames(pair.here);
  const there = new Frames(pair.there);
  there.sendSync(Buffer.from('its last words'));
  there.close();
  assert.throws(() => here.sendSync(Buffer.from('x')), { name: 'BrokenPipeError' });
  assert.equal(text(here.receiveSync()), 'its last words');
  assert.throws(() => here.receiveSync(), { code: 'ERR_EOF' });
});

test('a reader that is not asked takes no more than it should, and goes on when it is', async () => {
  using pair = await socketPair();
  using here = new Frames(pair.here);
  using there = new Frames(pair.there);
  const body = Buffer.alloc(100_000, 'z');
  const sends = Array.from({ length: 100 }, () => here.send(body));
  await until(() => there.socket.isPaused(), 'the reader stops reading');
  let count = 0;
  for (; there.isReady; count++) assert.equal(there.receiveSync()!.length, body.length);
  for (; count < 100; count++) assert.equal((await there.receive())!.length, body.length);
  await Promise.all(sends);
});

test('half a frame at the end is told as such', async () => {
  for (const way of ['receive', 'receiveSync'] as const) {
    using pair = await socketPair();
    using there = new Frames(pair.there);
    pair.here.write(Buffer.concat([frameHeader(2), Buffer.from('ok'), frameHeader(10), Buffer.from('half')]));
    pair.here.end();
    assert.equal(text(await there.receive()), 'ok');
    const told = { name: 'ConnectionBrokenError', code: 'ERR_HALF_FRAME' };
    if (way === 'receive') await assert.rejects(there.receive(), told);
    else assert.throws(() => there.receiveSync(), told);
  }
});

test('a hostile length is refused before its bytes come, and the frames before it are received', async () => {
  for (const header of [
    frameHeader(1001),
    frameHeader(2 ** 40),
    Buffer.from('80000000', 'hex'),
    Buffer.from('ffffffffffffffffffffffff', 'hex'),
  ]) {
    using pair = await socketPair();
    using there = new Frames(pair.there, { limit: 1000 });
    pair.here.write(Buffer.concat([frameHeader(1000), Buffer.alloc(1000), header]));
    assert.equal((await there.receive())!.length, 1000);
    await assert.rejects(there.receive(), { name: 'ConnectionBrokenError', code: 'ERR_FRAME_TOO_LONG' });
    await new Promise((resolve) =>
      pair.here
        .on('error', () => {})
        .once('close', resolve)
        .resume(),
    );
  }
});

test('a peer that is killed in the middle of a frame is told as half a frame', async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  const connected = new Promise<Socket>((resolve) => server.once('connection', resolve));
  const peer = new Program(`
    import { connect } from 'node:net';
    const socket = connect(${port}, '127.0.0.1', () => socket.write(Buffer.from('0000000568616c', 'hex')));
    setInterval(() => {}, 1000);`);
  using frames = new Frames(await connected);
  const receiving = frames.receive();
  receiving.catch(() => {});
  await until(() => frames.unread > 0, 'half a frame has come');
  peer.child.kill('SIGKILL');
  await assert.rejects(receiving, { code: 'ERR_HALF_FRAME' });
  await peer.ended;
  server.close();
});

test('closing tells who waits, and frames that wait are not half sent', async () => {
  using pair = await socketPair();
  using here = new Frames(pair.here);
  using there = new Frames(pair.there);
  const receiving = assert.rejects(here.receive(), { code: 'ERR_CONNECTION_CLOSED' });
  const body = Buffer.alloc(8 << 20, 'q');
  const began = here.send(body);
  const waits = assert.rejects(here.send(body), { code: 'ERR_CONNECTION_CLOSED' });
  await new Promise((resolve) => setImmediate(resolve));
  here.close();
  await Promise.all([receiving, waits]);
  assert.equal(await began, true);
  assert.equal((await there.receive())!.length, body.length);
  await assert.rejects(there.receive(), { code: 'ERR_EOF' });
});

test('many receivers get each frame once', async () => {
  using pair = await socketPair();
  using here = new Frames(pair.here);
  using there = new Frames(pair.there);
  const enough = new AbortController();
  const given = assert.rejects(there.receive({ signal: enough.signal }), { name: 'AbortError' });
  const got = Array.from({ length: 50 }, () => there.receive());
  enough.abort();
  for (let i = 0; i < 50; i++) void here.send(Buffer.from(String(i)));
  await given;
  const all = (await Promise.all(got)).map((body) => Number(text(body))).toSorted((a, b) => a - b);
  assert.deepEqual(
    all,
    Array.from({ length: 50 }, (_, i) => i),
  );
});
