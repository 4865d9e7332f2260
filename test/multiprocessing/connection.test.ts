import assert from 'node:assert/strict';
import { dismissSpares } from '../../src/host/process/spares.ts';
import {
  BufferTooShort,
  Client,
  type Connection,
  connectionWait,
  connectionWaitSync,
  Event,
  Listener,
  Pipe,
  Process,
  ProcessError,
  type SocketAddress,
} from '../../src/multiprocessing/index.ts';
import { QueueEmpty } from '../../src/queue/index.ts';
import { leavesNothing } from '../support/leaves-nothing.ts';
import { LONG, SHORT } from '../support/patience.ts';
import { after, test } from '../support/test.ts';
import { until } from '../support/until.ts';

leavesNothing();
after(dismissSpares);

/*
 * What every kind of connection does.
 */
interface Kind {
  readonly name: string;
  /** Both ends in this process. */
  pair(): Promise<[Connection, Connection]>;
  /** One end here, and a process that runs `target` with the other one. */
  child(target: (connection: Connection) => unknown): Promise<{ readonly here: Connection; readonly child: Process }>;
}

const SECRET = 'a secret';

/** The child's side of a connection to a listener. */
async function withClient(target: (connection: Connection) => unknown, address: SocketAddress, authKey: string): Promise<void> {
  const connection = await Client(address, { authKey });
  await target(connection);
  connection.close();
}

function overSockets(name: string, family: 'AF_UNIX' | 'AF_INET'): Kind {
  return {
    name,
    async pair() {
      using listener = new Listener(null, { family, authKey: SECRET });
      const [left, right] = await Promise.all([Client(listener.address, { authKey: SECRET }), listener.accept()]);
      return [left, right!];
    },
    async child(target) {
      using listener = new Listener(null, { family, authKey: SECRET });
      const child = new Process({ target: withClient, args: [target, listener.address, SECRET] });
      child.start();
      return { here: (await listener.accept())!, child: child as unknown as Process };
    },
  };
}

const kinds: readonly Kind[] = [
  {
    name: 'a pipe',
    pair: () => Promise.resolve(Pipe()),
    child(target) {
      const [here, there] = Pipe();
      const child = new Process({ target, args: [there] });
      child.start();
      there.close();
      return Promise.resolve({ here, child: child as unknown as Process });
    },
  },
  overSockets('a socket of this machine', 'AF_UNIX'),
  overSockets('a socket of the network', 'AF_INET'),
];

/** Sends back all that it receives, until the other end is closed. */
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

for (const kind of kinds) {
  test(`${kind.name}: a connection carries values and bytes both ways [MPC-01]`, async () => {
    const { here, child } = await kind.child(echo);
    for (const value of [
      1,
      'text',
      null,
      undefined,
      { deep: [new Map([[1, 2]])] },
      10n ** 30n,
      [1, [2]],
      Buffer.alloc(300_000, 'b').toString(),
    ]) {
      await here.send(value);
      assert.deepEqual(await here.recv(), value);
      here.sendSync(value);
      assert.deepEqual(here.recvSync(), value);
    }
    here.close();
    await child.join();
    assert.equal(child.exitCode, 0);
    const [one, other] = await kind.pair();
    await one.sendBytes(Buffer.from('some bytes'));
    assert.equal(Buffer.from(await other.recvBytes()).toString(), 'some bytes');
    await other.sendBytes(Buffer.from('and back'));
    assert.equal(Buffer.from(one.recvBytesSync()).toString(), 'and back');
    await one.send((n: number) => n * 2);
    assert.equal(((await other.recv()) as (n: number) => number)(21), 42);
    one.close();
    other.close();
  });

  test(`${kind.name}: messages keep their boundaries, empty ones too, and poll does not consume [MPC-02]`, async () => {
    const [left, right] = await kind.pair();
    assert.equal(await right.poll(), false);
    assert.equal(right.pollSync({ timeout: 1 }), false);
    await left.sendBytes(new Uint8Array(0));
    await left.sendBytes(Buffer.from('abcdef'), { offset: 2, size: 3 });
    await assert.rejects(left.sendBytes(Buffer.from('abc'), { offset: 2, size: 3 }), { name: 'RangeError' });
    assert.equal(await right.poll({ timeout: LONG }), true);
    assert.equal(right.pollSync(), true);
    assert.equal((await right.recvBytes()).length, 0);
    assert.equal(Buffer.from(await right.recvBytes()).toString(), 'cde');
    await left.sendBytes(Buffer.from('too long'));
    await assert.rejects(right.recvBytes({ maxLength: 3 }), { name: 'RangeError', code: 'ERR_MESSAGE_TOO_LONG' });
    await left.send('a value');
    await assert.rejects(right.recvBytes(), TypeError);
    await assert.rejects(right.recv({ timeout: 1 }), QueueEmpty);
    assert.throws(() => right.recvSync({ timeout: 1 }), QueueEmpty);
    await assert.rejects(right.recv({ signal: AbortSignal.abort(new Error('enough')) }), { message: 'enough' });
    left.close();
    right.close();
  });

  test(`${kind.name}: bytes are received into memory, and a message that does not fit is in the error`, async () => {
    const [one, other] = await kind.pair();
    const memory = Buffer.alloc(8, '.');
    await one.sendBytes(Buffer.from('abc'));
    assert.equal(await other.recvBytesInto(memory, { offset: 2 }), 3);
    one.sendBytesSync(Buffer.from('z'));
    assert.equal(other.recvBytesIntoSync(memory), 1);
    assert.equal(memory.toString(), 'z.abc...');
    await one.sendBytes(Buffer.from('too long'));
    await assert.rejects(other.recvBytesInto(memory, { offset: 1 }), (error) => {
      assert.ok(error instanceof BufferTooShort && error instanceof ProcessError);
      assert.equal(Buffer.from(error.bytes).toString(), 'too long');
      return true;
    });
    assert.equal(memory.toString(), 'z.abc...');
    for (const offset of [-1, 9, 0.5]) await assert.rejects(other.recvBytesInto(memory, { offset }), { code: 'ERR_OUT_OF_RANGE' });
    await assert.rejects(other.recvBytesInto('text' as never), TypeError);
    one.close();
    await assert.rejects(other.recvBytesInto(memory), { code: 'ERR_EOF' });
    other.close();
  });

  test(`${kind.name}: poll wakes when something comes`, async () => {
    const [left, right] = await kind.pair();
    const polled = right.poll({ timeout: Infinity });
    await left.send('here');
    assert.equal(await polled, true);
    assert.equal(await right.recv(), 'here');
    left.close();
    right.close();
  });

  test(`${kind.name}: after the peer has closed, what it sent is received, then the end of file is told [MPC-03]`, async () => {
    const [left, right] = await kind.pair();
    await left.send('last');
    left.close();
    assert.equal(await right.recv(), 'last');
    await assert.rejects(right.recv(), { name: 'EndOfFileError', code: 'ERR_EOF' });
    assert.equal(await right.poll(), true);
    // A network finds out by the first message that nobody takes.
    await assert.rejects(
      async () => {
        for (;;) await right.send(1);
      },
      { name: 'BrokenPipeError', code: 'EPIPE' },
    );
    right.close();
    right.close();
    assert.ok(right.closed);
    await assert.rejects(right.recv(), { name: 'StateError', code: 'ERR_CONNECTION_CLOSED' });
    await assert.rejects(right.send(1), { name: 'StateError', code: 'ERR_CONNECTION_CLOSED' });
    assert.throws(() => right.pollSync(), { name: 'StateError', code: 'ERR_CONNECTION_CLOSED' });
  });

  test(`${kind.name}: a receiver that waits is told at once when the other end closes`, async () => {
    const [left, right] = await kind.pair();
    const receiving = assert.rejects(right.recv(), { code: 'ERR_EOF' });
    left.close();
    await receiving;
    right.close();
  });

  test(`${kind.name}: a peer that is killed is an end of file, for who awaits and for who blocks`, async () => {
    for (const way of ['recv', 'recvSync'] as const) {
      const holds = new Event();
      const { here, child } = await kind.child((connection) => {
        holds.set();
        connection.recvSync();
      });
      await holds.wait();
      child.kill();
      if (way === 'recv') await assert.rejects(here.recv(), { code: 'ERR_EOF' });
      else assert.throws(() => here.recvSync(), { code: 'ERR_EOF' });
      await child.join();
      here.close();
    }
  });

  test(`${kind.name}: a value that cannot travel is refused, and the connection goes on`, async () => {
    const [left, right] = await kind.pair();
    await assert.rejects(left.send(new Promise(() => {})), { name: 'SendError' });
    await left.send(1);
    assert.equal(await right.recv(), 1);
    left.close();
    right.close();
  });

  test(`${kind.name}: connectionWait tells which connections are ready [PRC-16]`, async () => {
    const [left, right] = await kind.pair();
    const [a, b] = Pipe();
    assert.deepEqual(await connectionWait([right, a], { timeout: SHORT }), []);
    const waiting = connectionWait([right, a], { timeout: LONG });
    await left.send(1);
    assert.deepEqual(await waiting, [right]);
    assert.deepEqual(connectionWaitSync([a, right], { timeout: LONG }), [right]);
    assert.equal(await right.recv(), 1);
    left.close();
    assert.deepEqual(connectionWaitSync([a, right], { timeout: LONG }), [right]);
    for (const end of [right, a, b]) end.close();
  });

  test(`${kind.name}: messages that many send at once arrive whole, and in the order of each`, async () => {
    const [left, right] = await kind.pair();
    const sends = Array.from({ length: 300 }, (_, i) => left.send([i, 'x'.repeat(i * 20)]));
    for (let i = 0; i < 300; i++) assert.deepEqual(await right.recv(), [i, 'x'.repeat(i * 20)]);
    await Promise.all(sends);
    left.close();
    right.close();
    await until(() => left.closed);
  });
}
