import assert from 'node:assert/strict';
import { dismissSpares } from '../../src/host/process/spares.ts';
import { type Connection, Event, Lock, Pipe, Process } from '../../src/multiprocessing/index.ts';
import { QueueEmpty } from '../../src/queue/index.ts';
import { SHORT } from '../support/patience.ts';
import { after, test } from '../support/test.ts';

after(dismissSpares);

/** A process that sends back all that it receives, until the other end is closed. */
function echo(connection: Connection): void {
  for (;;) {
    try {
      connection.sendSync(connection.recvSync());
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ERR_EOF') return;
      throw error;
    }
  }
}

test('a connection carries values and bytes both ways [MPC-01]', async () => {
  const [left, right] = Pipe();
  const child = new Process({ target: echo, args: [right] });
  child.start();
  right.close();
  for (const value of [1, 'text', null, undefined, { deep: [new Map([[1, 2]])] }, 10n ** 30n, [1, [2]]]) {
    await left.send(value);
    assert.deepEqual(await left.recv(), value);
  }
  left.close();
  await child.join();
  assert.equal(child.exitCode, 0);
  const [one, other] = Pipe();
  await one.sendBytes(Buffer.from('some bytes'));
  assert.equal(Buffer.from(await other.recvBytes()).toString(), 'some bytes');
  await other.sendBytes(Buffer.from('and back'));
  assert.equal(Buffer.from(one.recvBytesSync()).toString(), 'and back');
  one.close();
  other.close();
});

test('one-way ends refuse the other direction [MPC-01]', async () => {
  const [reader, writer] = Pipe({ duplex: false });
  assert.deepEqual([reader.readable, reader.writable, writer.readable, writer.writable], [true, false, false, true]);
  await assert.rejects(reader.send(1), { code: 'ERR_READ_ONLY' });
  await assert.rejects(writer.recv(), { code: 'ERR_WRITE_ONLY' });
  assert.throws(() => writer.pollSync(), { code: 'ERR_WRITE_ONLY' });
  await writer.send(1);
  assert.equal(await reader.recv(), 1);
  reader.close();
  writer.close();
});

test('messages keep their boundaries, empty ones too, and poll does not consume [MPC-02]', async () => {
  const [left, right] = Pipe();
  assert.equal(await right.poll(), false);
  assert.equal(right.pollSync({ timeout: 1 }), false);
  await left.sendBytes(new Uint8Array(0));
  await left.sendBytes(Buffer.from('abcdef'), { offset: 2, size: 3 });
  assert.equal(await right.poll(), true);
  assert.equal(right.pollSync(), true);
  assert.equal((await right.recvBytes()).length, 0);
  assert.equal(Buffer.from(await right.recvBytes()).toString(), 'cde');
  await left.sendBytes(Buffer.from('too long'));
  await assert.rejects(right.recvBytes({ maxLength: 3 }), { name: 'RangeError', code: 'ERR_MESSAGE_TOO_LONG' });
  await assert.rejects(right.recv({ timeout: 1 }), QueueEmpty);
  left.close();
  right.close();
});

test('poll wakes when something comes', async () => {
  const [left, right] = Pipe();
  const polled = right.poll({ timeout: Infinity });
  await left.send('here');
  assert.equal(await polled, true);
  assert.equal(await right.recv(), 'here');
  left.close();
  right.close();
});

test('after the peer has closed, what it sent is received, then the end of file is told [MPC-03]', async () => {
  const [left, right] = Pipe();
  await left.send('last');
  left.close();
  assert.equal(await right.recv(), 'last');
  await assert.rejects(right.recv(), { name: 'EndOfFileError', code: 'ERR_EOF' });
  assert.equal(await right.poll(), true);
  await assert.rejects(right.send(1), { name: 'BrokenPipeError', code: 'EPIPE' });
  right.close();
  right.close();
  await assert.rejects(right.recv(), { name: 'StateError', code: 'ERR_CONNECTION_CLOSED' });
});

test('a receiver that waits is told at once when the last connection of the other end closes', async () => {
  const [left, right] = Pipe();
  const receiving = assert.rejects(right.recv(), { code: 'ERR_EOF' });
  left.close();
  await receiving;
  right.close();
});

test('a peer that is killed is an end of file, for who awaits and for who blocks', async () => {
  for (const way of ['recv', 'recvSync'] as const) {
    const [left, right] = Pipe();
    const holds = new Event();
    const child = new Process({
      target: (connection: Connection) => {
        holds.set();
        connection.recvSync();
      },
      args: [right],
    });
    child.start();
    right.close();
    await holds.wait();
    child.kill();
    if (way === 'recv') await assert.rejects(left.recv(), { code: 'ERR_EOF' });
    else assert.throws(() => left.recvSync(), { code: 'ERR_EOF' });
    await child.join();
    left.close();
  }
});

test('an end on its way to a process keeps the pipe open although the sender has closed its own', async () => {
  const [left, right] = Pipe();
  const child = new Process({ target: (connection: Connection) => connection.sendSync('from the child'), args: [right] });
  child.start();
  right.close();
  assert.equal(await left.recv(), 'from the child');
  await child.join();
  await assert.rejects(left.recv(), { code: 'ERR_EOF' });
  left.close();
});

test('an end travels through another pipe, and a lock arrives as the same lock', async () => {
  const [left, right] = Pipe();
  const [inner, outer] = Pipe();
  const lock = new Lock();
  await left.send([inner, lock]);
  inner.close();
  const [received, sameLock] = (await right.recv()) as [Connection, Lock];
  assert.equal(sameLock, lock);
  await received.send('through the inner pipe');
  assert.equal(await outer.recv(), 'through the inner pipe');
  for (const end of [left, right, received, outer]) end.close();
});

test('a full pipe makes the sender wait until something is received, or time is up', async () => {
  const [left, right] = Pipe();
  for (let i = 0; i < 1024; i++) left.sendSync(i);
  await assert.rejects(left.send('one too many', { timeout: SHORT }), { name: 'QueueFull' });
  const sent = left.send('the last');
  for (let i = 0; i < 1024; i++) assert.equal(right.recvSync(), i);
  await sent;
  assert.equal(await right.recv(), 'the last');
  left.close();
  right.close();
});

test('a value that cannot travel is refused, and the connection goes on', async () => {
  const [left, right] = Pipe();
  await assert.rejects(left.send(new Promise(() => {})), { name: 'SendError' });
  await left.send(1);
  assert.equal(await right.recv(), 1);
  left.close();
  right.close();
});
