import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { dismissSpares } from '../../src/host/process/spares.ts';
import { Client, ClientSync, Event, Listener, Lock, Pipe, Process, type SocketAddress } from '../../src/multiprocessing/index.ts';
import { LONG, SHORT } from '../support/patience.ts';
import { Program } from '../support/program.ts';
import { childrenOf } from '../support/children-of.ts';
import { after, test } from '../support/test.ts';
import { until } from '../support/until.ts';

after(dismissSpares);

test('a listener without an address listens in a folder that only this user can enter, and leaves nothing', async () => {
  const listener = new Listener();
  const path = listener.address as string;
  assert.equal(statSync(dirname(path)).mode & 0o777, 0o700);
  const [client, accepted] = await Promise.all([Client(path), listener.accept()]);
  assert.equal(listener.lastAccepted, '');
  await client.send('no secret asked');
  assert.equal(await accepted!.recv(), 'no secret asked');
  assert.ok(accepted!.fd > 2);
  listener.close();
  listener.close();
  assert.equal(existsSync(path), false);
  await client.send('accepted connections stay open');
  assert.equal(await accepted!.recv(), 'accepted connections stay open');
  client.close();
  accepted!.close();
  await assert.rejects(listener.accept(), { name: 'StateError', code: 'ERR_LISTENER_CLOSED' });
  await assert.rejects(Client(path), { name: 'ConnectionRefusedError', code: 'ENOENT' });
  assert.throws(() => ClientSync(path), { name: 'ConnectionRefusedError', code: 'ENOENT' });
});

test('a listener on a network wants a secret, and says where it listens and who came', async () => {
  assert.throws(() => new Listener(['127.0.0.1', 0]), { name: 'StateError', code: 'ERR_SECRET_REQUIRED' });
  assert.throws(() => new Listener(null, { family: 'AF_INET', authKey: '' }), { code: 'ERR_SECRET_REQUIRED' });
  for (const host of ['127.0.0.1', 'localhost', '::1']) {
    using listener = new Listener([host, 0], { authKey: 'secret' });
    const [address, port] = listener.address as readonly [string, number];
    assert.equal(address, host === 'localhost' ? '127.0.0.1' : host);
    assert.ok(port > 0);
    const [client, accepted] = await Promise.all([Client(listener.address, { authKey: 'secret' }), listener.accept()]);
    assert.equal((listener.lastAccepted as readonly [string, number])[0], address);
    client.close();
    accepted!.close();
  }
});

test('addresses that cannot be are refused with the reason', async () => {
  const long = join(tmpdir(), 'x'.repeat(120));
  assert.throws(() => new Listener(long), { name: 'RangeError', code: 'ERR_ADDRESS_TOO_LONG' });
  await assert.rejects(Client(long), { name: 'RangeError', code: 'ERR_ADDRESS_TOO_LONG' });
  assert.throws(() => ClientSync(long), { name: 'RangeError', code: 'ERR_ADDRESS_TOO_LONG' });
  assert.throws(() => new Listener(['no number', 1], { authKey: 's' }), { name: 'RangeError', code: 'ERR_HOST' });
  assert.throws(() => new Listener(['127.0.0.1', 70_000], { authKey: 's' }), { name: 'RangeError', code: 'ERR_PORT' });
  assert.throws(() => new Listener('/no/such/folder/socket'), { name: 'ConnectionRefusedError', code: 'ENOENT' });
  using listener = new Listener(null, { family: 'AF_INET', authKey: 's' });
  assert.throws(() => new Listener(listener.address, { authKey: 's' }), { name: 'ConnectionRefusedError', code: 'EADDRINUSE' });
  const closed = new Listener(null, { family: 'AF_INET', authKey: 's' });
  closed.close();
  await assert.rejects(Client(closed.address), { name: 'ConnectionRefusedError', code: 'ECONNREFUSED' });
  assert.throws(() => ClientSync(closed.address), { name: 'ConnectionRefusedError', code: 'ECONNREFUSED' });
});

test('a wrong secret is told to both sides, and the listener goes on; a silent one keeps nobody from coming', async () => {
  using listener = new Listener(null, { authKey: 'right' });
  const silent = connect(listener.address as string);
  await Promise.all([
    assert.rejects(Client(listener.address, { authKey: 'wrong' }), { name: 'AuthenticationError', code: 'ERR_AUTHENTICATION' }),
    assert.rejects(listener.accept(), { name: 'AuthenticationError' }),
  ]);
  const [client, accepted] = await Promise.all([Client(listener.address, { authKey: 'right' }), listener.accept()]);
  await client.send('in');
  assert.equal(await accepted!.recv(), 'in');
  client.close();
  accepted!.close();
  silent.destroy();
});

test('a hostile frame is refused before its bytes come, without and with a secret', async () => {
  for (const authKey of [undefined, 'secret']) {
    using listener = new Listener(null, { authKey, maxLength: 1000 });
    const hostile = connect(listener.address as string);
    hostile.on('error', () => {}).write(Buffer.from('7fffffff00', 'hex'));
    if (authKey === undefined) {
      const accepted = (await listener.accept())!;
      await assert.rejects(accepted.recv(), { name: 'ConnectionBrokenError', code: 'ERR_FRAME_TOO_LONG' });
      accepted.close();
    } else await assert.rejects(listener.accept(), { name: 'AuthenticationError' });
    await new Promise((resolve) => hostile.once('close', resolve).resume());
  }
});

test('accept has its time, its signal and its iterator, and ends when the listener is closed', async () => {
  const listener = new Listener(null, { authKey: 'right' });
  assert.equal(await listener.accept({ timeout: SHORT }), null);
  assert.equal(listener.acceptSync({ timeout: 1 }), null);
  await assert.rejects(listener.accept({ signal: AbortSignal.timeout(SHORT) }), { name: 'TimeoutError' });
  const other = new Listener();
  const waiting = assert.rejects(other.accept(), { code: 'ERR_LISTENER_CLOSED' });
  other.close();
  await waiting;
  const served = (async () => {
    const got: unknown[] = [];
    for await (const connection of listener) {
      got.push(await connection.recv());
      connection.close();
    }
    return got;
  })();
  for (const value of [1, 2]) {
    await assert.rejects(Client(listener.address, { authKey: 'wrong' }), { name: 'AuthenticationError' });
    const client = await Client(listener.address, { authKey: 'right' });
    await client.send(value);
    await assert.rejects(client.recv(), { code: 'ERR_EOF' });
    client.close();
  }
  listener.close();
  assert.deepEqual(await served, [1, 2]);
});

test('a thread that blocks accepts and connects', async () => {
  for (const family of ['AF_UNIX', 'AF_INET'] as const) {
    const isUp = new Event();
    const [here, there] = Pipe();
    const child = new Process({
      target: (up: Event, pipe: typeof there, of: 'AF_UNIX' | 'AF_INET') => {
        const listener = new Listener(null, { family: of, authKey: 'secret' });
        pipe.sendSync(listener.address);
        up.set();
        const connection = listener.acceptSync({ timeout: 60_000 })!;
        connection.sendSync((connection.recvSync() as number) * 2);
      },
      args: [isUp, there, family],
    });
    child.start();
    await isUp.wait();
    const address = (await here.recv()) as SocketAddress;
    const client = ClientSync(address, { authKey: 'secret', timeout: LONG });
    client.sendSync(21);
    assert.equal(client.recvSync({ timeout: LONG }), 42);
    client.close();
    await child.join();
    assert.equal(child.exitCode, 0);
  }
});

test('what lies in shared memory, and a connection to another program, is not sent to another program', async () => {
  using listener = new Listener();
  const [client, accepted] = await Promise.all([Client(listener.address), listener.accept()]);
  const [left, right] = Pipe();
  await assert.rejects(client.send(new Lock()), { name: 'SendError', code: 'E_SHARED_MEMORY' });
  await assert.rejects(client.send({ end: left }), { name: 'SendError', code: 'E_SHARED_MEMORY' });
  await assert.rejects(right.send(client), { name: 'SendError', code: 'E_SOCKET' });
  // What was refused is not counted as under way.
  left.close();
  await assert.rejects(right.recv(), { code: 'ERR_EOF' });
  for (const one of [right, client, accepted!]) one.close();
});

test('the folder of a listener goes with its process when that is killed, and when the next one is made if what watches was killed as well', async () => {
  const base = mkdtempSync(join(tmpdir(), 'sweep-'));
  const listening = async (): Promise<Program> => {
    const program = new Program(
      `import { Listener } from 'manycore/multiprocessing'; new Listener(); console.log('up'); setInterval(() => {}, 1000);`,
      { env: { TMPDIR: base } },
    );
    await program.printed('up');
    assert.equal(readdirSync(base).length, 1);
    return program;
  };
  const killed = await listening();
  killed.child.kill('SIGKILL');
  await until(() => readdirSync(base).length === 0, 'the folder is gone');
  const stopped = await listening();
  const trackers = childrenOf(stopped.child.pid!);
  assert.equal(trackers.length, 1);
  // It would begin another one if it ran.
  stopped.child.kill('SIGSTOP');
  process.kill(trackers[0]!, 'SIGKILL');
  stopped.child.kill('SIGKILL');
  await stopped.ended;
  assert.equal(readdirSync(base).length, 1);
  const next = new Program(`import { Listener } from 'manycore/multiprocessing'; console.log(new Listener().address);`, {
    env: { TMPDIR: base },
  });
  await next.ended;
  assert.match(next.stdout, /manycore-/);
  assert.deepEqual(readdirSync(base), []);
  rmSync(base, { recursive: true });
});

/** A Python whose `multiprocessing` proves secrets by SHA-256: 3.12 or later. */
function modernPython(): string | null {
  const folder = join(process.env['HOME'] ?? '/', '.pyenv', 'versions');
  const installed = existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name, 'bin', 'python3')) : [];
  const check = ['-c', 'import sys; sys.exit(0 if sys.version_info >= (3, 12) else 1)'];
  return ['python3', 'python3.14', 'python3.13', 'python3.12', ...installed].find((name) => spawnSync(name, check).status === 0) ?? null;
}

test("Python's Client and Listener exchange bytes with ours, and prove the same secret", async (context) => {
  const python = modernPython();
  if (python === null) return context.skip('there is no Python of 3.12 or later here');
  using listener = new Listener(null, { authKey: 'a secret' });
  const source = `
import sys
from multiprocessing.connection import Client, Listener
with Client(sys.argv[1], authkey=b'a secret') as c:
    c.send_bytes(c.recv_bytes() + b' and back')
    with Listener(('127.0.0.1', 0), authkey=b'another') as l:
        c.send_bytes(str(l.address[1]).encode())
        with l.accept() as d:
            d.send_bytes(d.recv_bytes()[::-1])
`;
  const child = spawn(python, ['-c', source, listener.address as string], { stdio: ['ignore', 'ignore', 'inherit'] });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  const accepted = (await listener.accept())!;
  await accepted.sendBytes(Buffer.from('there'));
  assert.equal(Buffer.from(await accepted.recvBytes()).toString(), 'there and back');
  const port = Number(Buffer.from(await accepted.recvBytes()).toString());
  const client = await Client(['127.0.0.1', port], { authKey: 'another' });
  await client.sendBytes(Buffer.from('abc'));
  assert.equal(Buffer.from(await client.recvBytes()).toString(), 'cba');
  client.close();
  accepted.close();
  assert.equal(await ended, 0);
  await until(() => child.exitCode === 0);
});
