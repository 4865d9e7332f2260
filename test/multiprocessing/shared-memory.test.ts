import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, statfsSync } from 'node:fs';
import { dismissSpares } from '../../src/host/process/spares.ts';
import { Pipe, Process, ShareableList, SharedMemory } from '../../src/multiprocessing/index.ts';
import { Program } from '../support/program.ts';
import { childrenOf } from '../support/children-of.ts';
import { after, test } from '../support/test.ts';
import { until } from '../support/until.ts';

after(dismissSpares);

const isThere = (name: string): boolean => existsSync(`/dev/shm/${name}`);

test('a named block is seen by another process, closed by each and unlinked by one [SHM-01]', async () => {
  const memory = new SharedMemory({ create: true, size: 1000 });
  assert.ok(memory.size >= 1000);
  assert.equal(memory.buf.length, memory.size);
  assert.ok(memory.buf.every((byte) => byte === 0));
  memory.buf[0] = 21;
  const child = new Process({
    target: (name: string, same: SharedMemory) => {
      const other = new SharedMemory({ name });
      other.buf[1] = other.buf[0]! * 2;
      same.buf[2] = other.buf[1] + 1;
      other.close();
      same.close();
    },
    args: [memory.name, memory],
  });
  child.start();
  await child.join();
  assert.equal(child.exitCode, 0);
  assert.deepEqual([...memory.buf.subarray(0, 3)], [21, 42, 43]);
  assert.throws(() => new SharedMemory({ name: memory.name, create: true, size: 10 }), {
    name: 'StateError',
    code: 'ERR_SHARED_MEMORY_EXISTS',
  });
  assert.equal(memory.isUnlinked, false);
  memory.unlink();
  assert.equal(memory.isUnlinked, true);
  assert.equal(memory.buf[1], 42);
  const view = new Float64Array(memory.buf.buffer, 0, 1);
  memory.close();
  memory.close();
  // Empty, or zeros of its own: never the memory of somebody else.
  assert.ok(view.length === 0 || view[0] === 0);
  assert.ok(memory.closed);
  assert.throws(() => memory.buf, { name: 'StateError', code: 'ERR_SHARED_MEMORY_CLOSED' });
  assert.throws(() => memory.unlink(), { code: 'ERR_NO_SHARED_MEMORY' });
  assert.throws(() => new SharedMemory({ name: memory.name }), { name: 'StateError', code: 'ERR_NO_SHARED_MEMORY' });
});

test('names and sizes that cannot be are refused', () => {
  for (const name of ['', '/', '..', 'a/b', 'a\n', 'x'.repeat(300)])
    assert.throws(() => new SharedMemory({ name, create: true, size: 1 }), { name: 'RangeError' }, JSON.stringify(name));
  for (const size of [0, -1, 1.5, Number.NaN]) assert.throws(() => new SharedMemory({ create: true, size }), { name: 'RangeError' });
  assert.throws(() => new SharedMemory(), TypeError);
});

test('a slash before a name is Python for the same name', () => {
  const memory = new SharedMemory({ name: `/mc-slash-${process.pid}`, create: true, size: 1 });
  assert.equal(memory.name, `mc-slash-${process.pid}`);
  assert.ok(isThere(memory.name));
  memory.close();
  memory.unlink();
});

test('more memory than there is is refused when it is created, not when it is touched', (context) => {
  const { blocks, bsize } = statfsSync('/dev/shm');
  if (blocks === 0) return context.skip('/dev/shm has no limit here');
  const name = `mc-full-${process.pid}`;
  assert.throws(() => new SharedMemory({ name, create: true, size: (blocks + 1) * bsize }), {
    name: 'StateError',
    code: 'ERR_SHARED_MEMORY_FULL',
  });
  assert.equal(isThere(name), false);
});

test('what a process has not unlinked is removed when it ends, and when it is killed, and that is told', async () => {
  const source = (end: string): string => `
    import { SharedMemory } from 'manycore/multiprocessing';
    const one = new SharedMemory({ create: true, size: 10 });
    const two = new SharedMemory({ name: 'mc two ' + process.pid, create: true, size: 10 });
    const unlinked = new SharedMemory({ create: true, size: 10 });
    unlinked.unlink();
    const kept = new SharedMemory({ create: true, size: 10, track: false });
    console.log(JSON.stringify([one.name, two.name, kept.name]));
    ${end}`;
  for (const how of ['ends', 'is killed'] as const) {
    const program = new Program(source(how === 'ends' ? '' : 'setInterval(() => {}, 1000);'));
    await program.printed('\n');
    const [one, two, kept] = JSON.parse(program.stdout) as [string, string, string];
    const user = how === 'ends' ? null : new SharedMemory({ name: one });
    if (user !== null) program.child.kill('SIGKILL');
    const { stderr } = await program.ended;
    await until(() => !isThere(one) && !isThere(two), 'the names are gone');
    assert.ok(isThere(kept));
    new SharedMemory({ name: kept }).unlink();
    if (user === null) {
      assert.equal(stderr, '');
      continue;
    }
    assert.ok(user.isUnlinked);
    user.buf[0] = 1;
    user.close();
    for (const name of [one, two]) assert.match(stderr, new RegExp(`without unlinking the shared memory ${name}`));
  }
});

test('when what watches over the names of shared memory is killed, another one takes its place, and knows them', async () => {
  const program = new Program(`
    import { SharedMemory } from 'manycore/multiprocessing';
    const one = new SharedMemory({ create: true, size: 10 });
    const gone = new SharedMemory({ create: true, size: 10 });
    console.log(JSON.stringify([one.name, gone.name]));
    process.stdin.once('data', () => {
      gone.unlink();
      const two = new SharedMemory({ create: true, size: 10 });
      console.log('then ' + JSON.stringify(two.name) + '.');
    });
    setInterval(() => {}, 1000);`);
  await program.printed('\n');
  const [one, gone] = JSON.parse(program.stdout) as [string, string];
  const [first] = childrenOf(program.child.pid!);
  process.kill(first!, 'SIGKILL');
  await until(() => {
    const now = childrenOf(program.child.pid!);
    return now.length === 1 && now[0] !== first;
  }, 'there is another one');
  program.child.stdin.write('on');
  await program.printed('.');
  const two = JSON.parse(/then (.*)\./.exec(program.stdout)![1]!) as string;
  program.child.kill('SIGKILL');
  const { stderr } = await program.ended;
  await until(() => !isThere(one) && !isThere(two), 'the names are gone');
  for (const name of [one, two]) assert.match(stderr, new RegExp(`without unlinking the shared memory ${name}`));
  assert.doesNotMatch(stderr, new RegExp(gone));
});

test('what another program has made under the name of one that is gone is left alone', async () => {
  const name = `mc-again-${process.pid}`;
  const program = new Program(`
    import { SharedMemory } from 'manycore/multiprocessing';
    new SharedMemory({ name: '${name}', create: true, size: 10 });
    console.log('up');
    setInterval(() => {}, 1000);`);
  await program.printed('up');
  new SharedMemory({ name }).unlink();
  const mine = new SharedMemory({ name, create: true, size: 10 });
  program.child.kill('SIGKILL');
  await program.ended;
  assert.ok(isThere(name));
  mine.close();
  mine.unlink();
});

const python = ['python3', 'python'].find((name) => spawnSync(name, ['-c', 'import multiprocessing.shared_memory']).status === 0);

test("Python's SharedMemory and ours are the same memory", (context) => {
  if (python === undefined) return context.skip('there is no Python 3.8 or later here');
  const memory = new SharedMemory({ create: true, size: 16 });
  memory.buf.set(Buffer.from('from node'));
  // Python before 3.13 would unlink, at its end, what it has only attached to.
  const source = `
import sys
from multiprocessing import resource_tracker, shared_memory
resource_tracker.register = lambda *a: None
resource_tracker.unregister = lambda *a: None
s = shared_memory.SharedMemory(sys.argv[1])
assert bytes(s.buf[:9]) == b'from node', bytes(s.buf[:9])
s.buf[:4] = b'back'
s.close()
l = shared_memory.ShareableList([1, -2.5, True, 'text', b'bytes', None, 2**40, ''])
print(l.shm.name, l.format)
l.shm.close()
`;
  const { stdout, stderr } = spawnSync(python, ['-c', source, memory.name], { encoding: 'utf8' });
  assert.equal(stderr, '');
  assert.equal(Buffer.from(memory.buf.subarray(0, 9)).toString(), 'back node');
  memory.close();
  memory.unlink();
  const [name, format] = stdout.trim().split(' ');
  const list = new ShareableList(null, { name: name! });
  assert.deepEqual([...list], [1, -2.5, true, 'text', Uint8Array.from(Buffer.from('bytes')), null, 2 ** 40, '']);
  assert.equal(list.format, format);
  list.shm.close();
  list.shm.unlink();
});

test("Python's ShareableList opens ours", (context) => {
  if (python === undefined) return context.skip('there is no Python 3.8 or later here');
  const list = new ShareableList([1, 2.5, false, 'ünï', Uint8Array.of(1, 2), null, -(2n ** 62n), 'x'.repeat(20)]);
  const source = `
import sys
from multiprocessing import resource_tracker, shared_memory
resource_tracker.register = lambda *a: None
l = shared_memory.ShareableList(name=sys.argv[1])
print(list(l), l.format)
l[0] = 7
l[3] = 'back'
`;
  const { stdout, stderr } = spawnSync(python, ['-c', source, list.shm.name], { encoding: 'utf8' });
  assert.equal(stderr, '');
  assert.equal(stdout.trim(), `[1, 2.5, False, 'ünï', b'\\x01\\x02', None, ${-(2n ** 62n)}, '${'x'.repeat(20)}'] ${list.format}`);
  assert.deepEqual([list.at(0), list.at(3)], [7, 'back']);
  list.shm.close();
  list.shm.unlink();
});

test('items of a shareable list are replaced within their room, by any kind', () => {
  const list = new ShareableList(['howdy', 1, true, null, Uint8Array.of(1)]);
  assert.equal(list.length, 5);
  assert.equal(list.at(-1) instanceof Uint8Array, true);
  list.set(0, 'goodbye!');
  assert.throws(() => list.set(0, 'much too long'), { name: 'RangeError', code: 'ERR_TOO_LONG' });
  list.set(1, 'short');
  list.set(2, 2n ** 60n);
  list.set(3, 1.5);
  list.set(-1, null);
  assert.deepEqual([...list], ['goodbye!', 'short', 2n ** 60n, 1.5, null]);
  assert.throws(() => list.set(1, 2n ** 63n), { name: 'RangeError' });
  assert.throws(() => list.set(1, {} as never), TypeError);
  assert.throws(() => list.at(5), { name: 'RangeError' });
  assert.deepEqual([list.count(null), list.indexOf(1.5), list.indexOf('absent'), list.indexOf(2n ** 60n)], [1, 3, -1, 2]);
  list.shm.close();
  list.shm.unlink();
});

test('a shareable list travels to a process as the same list', async () => {
  const list = new ShareableList([1, 2, 'three']);
  const [here, there] = Pipe();
  const child = new Process({
    target: (same: ShareableList, pipe: typeof there) => {
      same.set(0, 10);
      pipe.sendSync([...same]);
    },
    args: [list, there],
  });
  child.start();
  assert.deepEqual(await here.recv(), [10, 2, 'three']);
  assert.equal(list.at(0), 10);
  await child.join();
  here.close();
  there.close();
  list.shm.close();
  list.shm.unlink();
});
