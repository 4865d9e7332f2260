import assert from 'node:assert/strict';
import { dismissSpares } from '../../src/host/process/spares.ts';
import { type Connection, Lock, Pipe, Process } from '../../src/multiprocessing/index.ts';
import { SHORT } from '../support/patience.ts';
import { after, test } from '../support/test.ts';

after(dismissSpares);

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
