import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable, Writable } from 'node:stream';
import { CalledProcessError, DEVNULL, PIPE, pipeline, Popen, run, TimeoutExpired } from '../../src/subprocess/index.ts';
import { SHORT } from '../support/patience.ts';
import { after, test } from '../support/test.ts';
import { until } from '../support/until.ts';
import { openDescriptors, zombies } from './descriptors.ts';
import { isNative } from './library.ts';

const folder = mkdtempSync(join(tmpdir(), 'manycore-pipeline-'));
after(() => rmSync(folder, { recursive: true, force: true }));

async function toList<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

test('a pipeline gives the lines of its last command, and the return code of each [POP-05]', async () => {
  const file = join(folder, 'mydemo.txt');
  writeFileSync(file, 'a:b:c\nthis is a text:x:one\nnot\nthis is a text:y:two\n');
  const chain = pipeline(['cat', file], ['grep', 'this is a text'], ['cut', '-f', '3', '-d:']);
  assert.deepEqual(await toList(chain.lines()), ['one', 'two']);
  assert.deepEqual(await chain.wait(), [0, 0, 0]);
  const text = pipeline(['printf', 'b\\na\\n'], ['sort'], { text: true });
  const { stdout, returnCodes, returnCode } = await text.run();
  assert.deepEqual([stdout, returnCodes, returnCode], ['a\nb\n', [0, 0], 0]);
  assert.equal((await pipeline(['cat'], ['wc', '-c'], { stdin: PIPE, text: true }).run({ input: 'x'.repeat(300_000) })).stdout, '300000\n');
});

test('a command that has enough ends those before it, without a complaint', async () => {
  const chain = pipeline(['yes'], ['cat'], ['head', '-n', '2'], { text: true });
  if (isNative) {
    const { stdout, returnCodes, returnCode } = await chain.run({ check: true });
    assert.deepEqual([stdout, returnCodes, returnCode], ['y\ny\n', [-13, -13, 0], 0]);
  } else assert.equal((await chain.run()).stdout, 'y\ny\n');
  const abandoned = pipeline(['yes'], ['cat']);
  for await (const line of abandoned.lines()) if (line === 'y') break;
  // What Node gives in place of pipes has commands complain instead.
  const codes = await abandoned.wait();
  if (isNative) assert.deepEqual(codes, [-13, -13]);
  else assert.ok(codes.every((code) => code !== 0));
});

test('a command that fails anywhere is seen', async () => {
  const failing = (): ReturnType<typeof pipeline> => pipeline(['sh', '-c', 'echo x; exit 3'], ['cat']);
  assert.deepEqual(
    await failing()
      .run()
      .then(({ returnCode, returnCodes }) => [returnCode, returnCodes]),
    [3, [3, 0]],
  );
  await assert.rejects(failing().run({ check: true }), (error: CalledProcessError) => error.returnCode === 3 && Array.isArray(error.cmd));
});

test('when one of its commands can not be started, none runs, and nothing is left', async () => {
  const attempt = (): void => assert.throws(() => pipeline(['yes'], ['cat'], ['nonesuch']), { code: 'ENOENT', path: 'nonesuch' });
  // What is opened once and kept, is open after the first.
  attempt();
  await until(() => zombies() === 0);
  const before = openDescriptors();
  for (let i = 0; i < 5; i++) attempt();
  await until(() => zombies() === 0 && openDescriptors() <= before);
  assert.throws(() => pipeline(), TypeError);
});

test('time and cancels end all of a pipeline', async () => {
  const chain = pipeline(['sh', '-c', 'echo x; sleep 1000'], ['cat'], { text: true });
  await assert.rejects(chain.run({ timeout: SHORT }), (error) => error instanceof TimeoutExpired && error.stdout === 'x\n');
  assert.ok(chain.returnCodes.every((code) => code !== null));
  const other = pipeline(['sleep', '1000'], ['cat']);
  await assert.rejects(other.wait({ timeout: SHORT }), TimeoutExpired);
  await assert.rejects(other.run({ signal: AbortSignal.abort(new Error('enough')) }), /enough/);
  assert.ok(other.returnCodes.every((code) => code !== null));
});

test('each command of a pipeline may have options of its own', async () => {
  const chain = pipeline(
    { command: ['sh', '-c', 'pwd; echo $WHO; echo loud >&2'], cwd: '/usr', env: { WHO: 'me' }, stderr: DEVNULL },
    ['tr', 'a-z', 'A-Z'],
    {
      text: true,
    },
  );
  assert.equal((await chain.run()).stdout, '/USR\nME\n');
  const file = join(folder, 'out');
  const toFile = pipeline({ command: 'seq 5', shell: true }, ['tail', '-n', '1'], { stdout: { file } });
  assert.deepEqual(await toFile.wait(), [0, 0]);
  assert.equal(readFileSync(file, 'utf8'), '5\n');
});

test('lines may keep their ends, as in Python', async () => {
  const child = new Popen(['printf', 'one\\n\\ntwo'], { stdout: PIPE });
  assert.deepEqual(await toList(child.stdout.lines({ keepEnds: true })), ['one\n', '\n', 'two']);
  assert.equal(await child.wait(), 0);
});

test('lines come with back-pressure: a writer waits for a slow reader', async () => {
  const yes = new Popen(['yes'], { stdout: PIPE });
  const lines = yes.stdout!.lines();
  for (let i = 0; i < 10; i++) assert.equal((await lines.next()).value, 'y');
  // It fills the pipe and what is read ahead, and stands still then.
  const written = (): string => /^wchar: (\d+)/m.exec(readFileSync(`/proc/${yes.pid}/io`, 'latin1'))![1]!;
  for (let before = ''; before !== written();) {
    before = written();
    assert.ok(Number(before) < 100e6, `it wrote ${before} bytes that nobody wants`);
    await new Promise((done) => setTimeout(done, SHORT));
  }
  await lines.return!();
  const code = await yes.wait();
  assert.ok(isNative ? code === -13 : code !== 0);
});

test('streams of Node and of the web, and iterables, feed a command and take its output', async () => {
  const from = async (
    stdin: Parameters<typeof run>[1] extends infer O ? (O extends { stdin?: infer I } ? I : never) : never,
  ): Promise<string> => (await run(['cat'], { stdin: stdin as never, stdout: PIPE, text: true })).stdout;
  assert.equal(await from(Readable.from(['a', 'b']) as never), 'ab');
  assert.equal(await from(['c', Buffer.from('d')] as never), 'cd');
  assert.equal(await from(new Blob(['ef']).stream() as never), 'ef');
  const pieces: string[] = [];
  const sink = new Writable({ write: (chunk: Buffer, _, done) => (pieces.push(String(chunk)), setImmediate(done)) });
  await run('echo out; echo err >&2', { shell: true, stdout: sink, stderr: sink });
  assert.deepEqual(pieces.toSorted(), ['err\n', 'out\n']);
  const web: string[] = [];
  await run(['echo', 'web'], {
    stdout: new WritableStream<Uint8Array>({ write: (chunk) => void web.push(Buffer.from(chunk).toString()) }),
  });
  assert.deepEqual(web, ['web\n']);
  const failing = new Writable({ write: (_, __, done) => done(new Error('of the sink')) });
  await assert.rejects(run(['echo', 'x'], { stdout: failing }), /of the sink/);
  const child = new Popen(['echo', 'as a stream'], { stdout: PIPE });
  assert.equal((await toList(child.stdout.stream)).join(''), 'as a stream\n');
  const webOut = new Popen(['echo', 'as a web stream'], { stdout: PIPE });
  assert.equal(await new Response(webOut.stdout!.web as never).text(), 'as a web stream\n');
});

test('the blocking twins read and write too', () => {
  const child = new Popen(['cat'], { stdin: PIPE, stdout: PIPE, text: true });
  if (!isNative) {
    for (const refused of [
      () => child.stdin.writeSync('one'),
      () => child.stdout.readSync(),
      () => [...child.stdout.linesSync()],
      () => child.waitSync(),
      () => child.communicateSync(),
    ])
      assert.throws(refused, { code: 'ERR_NO_LIBRARY' });
    return child.kill();
  }
  child.stdin.writeSync('one\ntwo');
  child.stdin.closeNow();
  assert.deepEqual([...child.stdout.linesSync()], ['one', 'two']);
  assert.equal(child.waitSync(), 0);
  const all = new Popen(['seq', '3'], { stdout: PIPE, text: true });
  assert.equal(all.stdout!.readSync(), '1\n2\n3\n');
  assert.equal(all.waitSync(), 0);
});

test('a read that is given up loses nothing', async () => {
  const child = new Popen(['sh', '-c', 'echo before; read line; echo after'], { stdin: PIPE, stdout: PIPE, text: true });
  await assert.rejects(child.stdout.read({ signal: AbortSignal.timeout(SHORT) }));
  await child.stdin.write('go\n');
  assert.equal(await child.stdout.read(), 'before\nafter\n');
  await child.stdin.close();
  await child.wait();
});

test('writing to a command that does not read is an error of the write alone [ASP-06]', async () => {
  const child = new Popen(['true'], { stdin: PIPE });
  await child.wait();
  await assert.rejects(child.stdin.write('x'), { code: 'EPIPE' });
  await child.stdin.close().catch(() => {});
});

test('an output goes to several places at once, and can be read as well', async () => {
  const file = join(folder, 'tee');
  const pieces: string[] = [];
  const sink = new Writable({ write: (chunk: Buffer, _, done) => (pieces.push(String(chunk)), done()) });
  const done = await run(['seq', '3'], { stdout: [PIPE, sink, { file }], text: true });
  const text: string = done.stdout;
  assert.deepEqual([text, pieces.join(''), readFileSync(file, 'utf8')], ['1\n2\n3\n', '1\n2\n3\n', '1\n2\n3\n']);
  assert.equal((await run(['seq', '2'], { stdout: [{ file, append: true }] })).stdout, null);
  assert.equal(readFileSync(file, 'utf8'), '1\n2\n3\n1\n2\n');
  const big = await run(['head', '-c', '5000000', '/dev/zero'], { stdout: [PIPE, { file }] });
  assert.deepEqual([big.stdout.length, readFileSync(file).length], [5_000_000, 5_000_000]);
  const failing = new Writable({ write: (_, __, done) => done(new Error('of a sink')) });
  await assert.rejects(run(['seq', '3'], { stdout: [PIPE, failing] }), /of a sink/);
  await assert.rejects(run(['true'], { stdout: ['nonsense' as never] }), /a list holds PIPE, files, descriptors and streams/);
  const held = await run('setsid sleep 1000 & echo $!', { shell: true, stdout: [PIPE, sink], text: true, drain: SHORT });
  process.kill(Number(held.stdout), 'SIGKILL');
});

test('a source that never ends is left when the command has ended', async () => {
  let isLeft = false;
  async function* endless(): AsyncGenerator<string> {
    try {
      yield 'first\n';
      await new Promise((done) => setTimeout(done, SHORT));
      for (;;) yield await new Promise<string>((done) => setTimeout(done, SHORT, 'more\n'));
    } finally {
      isLeft = true;
    }
  }
  assert.equal((await run(['head', '-n', '1'], { stdin: endless(), stdout: PIPE, text: true })).stdout, 'first\n');
  assert.equal((await run(['head', '-n', '1'], { input: endless(), stdout: PIPE, text: true })).stdout, 'first\n');
  await until(() => isLeft);
  const never: AsyncIterable<string> = { [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => {}) }) };
  assert.equal((await run(['true'], { stdin: never })).returnCode, 0);
});

test("an output that could not be handed on, because the command is not there, is still its owner's", async () => {
  const source = new Popen(['seq', '2'], { stdout: PIPE, text: true });
  assert.throws(() => new Popen(['nonesuch'], { stdin: source.stdout }), { code: 'ENOENT' });
  assert.equal(await source.stdout.read(), '1\n2\n');
  await source.wait();
});
