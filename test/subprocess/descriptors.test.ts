import assert from 'node:assert/strict';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PIPE, Popen, run, type PopenOptions } from '../../src/subprocess/index.ts';
import { pipeSize } from '../../src/system/pipes.ts';
import { runProgram } from '../support/program.ts';
import { after, test } from '../support/test.ts';
import { until } from '../support/until.ts';
import { openDescriptors } from './descriptors.ts';
import { isNative, nativeTest } from './library.ts';

const folder = mkdtempSync(join(tmpdir(), 'manycore-descriptors-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const file = (name: string): string => join(folder, name);

nativeTest(
  'a command starts, is fed and heard, and the program ends, whichever of its own three streams this program has closed',
  async () => {
    const program = `
    import { closeSync, writeFileSync } from 'node:fs';
    import { run, runSync } from 'manycore/subprocess';
    for (const fd of process.env.CLOSED) closeSync(Number(fd));
    const talk = ['sh', '-c', 'cat; echo err >&2; exit 3'];
    const all = { input: 'in', captureOutput: true, text: true };
    const seen = [];
    for (const { returnCode, stdout, stderr } of [await run(talk, all), runSync(talk, all)]) seen.push(returnCode, stdout, stderr);
    seen.push((await run(['true'])).returnCode, runSync(['true']).returnCode);
    writeFileSync(process.env.RESULT, JSON.stringify(seen));
  `;
    await Promise.all(
      ['', '0', '1', '2', '01', '02', '12', '012'].map(async (closed) => {
        const result = file(`closed-${closed}`);
        const { code, stderr } = await runProgram(program, {
          env: { CLOSED: closed, RESULT: result },
          under: ['sh', '-c', 'exec "$@" </dev/null', 'sh'],
        });
        assert.equal(code, 0, `${closed}: ${stderr}`);
        assert.deepEqual(JSON.parse(readFileSync(result, 'utf8')), [3, 'in', 'err\n', 3, 'in', 'err\n', 0, 0], closed);
      }),
    );
  },
);

nativeTest('descriptors above the limit that was lowered since are not inherited either', async () => {
  const { stdout, stderr } = await runProgram(
    `
    import { run } from 'manycore/subprocess';
    await run(['sh', '-c', 'for fd in 3 9 150; do [ -e /proc/$$/fd/$fd ] && printf "%s " $fd; done; echo none']);
  `,
    { under: ['bash', '-c', 'exec 9</dev/null 150</dev/null; ulimit -n 100; exec "$@"', 'bash'] },
  );
  assert.equal(stdout, 'none\n', stderr);
});

test('one descriptor may play several parts, and be passed as well', async () => {
  const path = file('both');
  const fd = openSync(path, 'w+');
  await run('echo one; echo two >&2', { shell: true, stdout: fd, stderr: fd });
  assert.equal(readFileSync(path, 'utf8'), 'one\ntwo\n');
  const input = openSync(path, 'r');
  const { stdout } = await run(['sh', '-c', `cat; [ -e /proc/$$/fd/${input} ] && echo there`], {
    stdin: input,
    passFds: [input],
    stdout: PIPE,
    text: true,
  });
  assert.equal(stdout, 'one\ntwo\nthere\n');
  closeSync(fd);
  closeSync(input);
});

test('a pipe that was closed, or lost, closes its descriptor once: not what has got its number since', async () => {
  const { stdout, stderr } = await runProgram(
    `
    import { closeSync, fstatSync, openSync } from 'node:fs';
    import { Popen, PIPE } from 'manycore/subprocess';
    const options = { stdin: PIPE, stdout: PIPE, stderr: PIPE };
    const start = async () => {
      const child = new Popen(['cat'], options);
      child.stdin.closeNow();
      child.stdout.close();
      child.stderr.close();
      await child.wait();
      try { new Popen(['nonesuch'], options); } catch {}
    };
    await start();
    for (let i = 0; i < 20; i++) await start();
    // They get the numbers that the pipes had.
    const files = Array.from({ length: 30 }, () => openSync('/dev/null'));
    for (let i = 0; i < 5; i++) { gc(); await new Promise((done) => setTimeout(done, 5)); }
    for (const fd of files) fstatSync(fd);
    for (const fd of files) closeSync(fd);
    console.log('whole');
  `,
    { flags: ['--expose-gc'] },
  );
  assert.equal(stdout, 'whole\n', stderr);
});

test('after communicate its pipes are closed, whichever of them there are', async () => {
  const once = async (sync: boolean, parts: number): Promise<void> => {
    const options = {
      ...(parts & 1 ? { stdin: PIPE } : { stdin: { file: '/dev/null' } }),
      ...(parts & 2 ? { stdout: PIPE } : {}),
      ...(parts & 4 ? { stderr: PIPE } : {}),
    } as PopenOptions;
    const child = new Popen(['true'], options);
    const { stdout, stderr } = sync ? child.communicateSync() : await child.communicate();
    // Null for what is no pipe.
    assert.deepEqual([stdout?.length ?? null, stderr?.length ?? null], [parts & 2 ? 0 : null, parts & 4 ? 0 : null]);
  };
  await once(false, 7);
  const before = openDescriptors();
  for (let parts = 0; parts < 8; parts++) for (const sync of isNative ? [false, true] : [false]) await once(sync, parts);
  await until(() => openDescriptors() <= before);
});

test('an output that was closed is not asked for by communicate; one whose command has ended is still there to read', async () => {
  const closed = new Popen(['sh', '-c', 'echo err >&2'], { stdout: PIPE, stderr: PIPE, text: true });
  closed.stdout!.close();
  assert.deepEqual(await closed.communicate(), { stdout: null, stderr: 'err\n' });
  const ended = new Popen(['echo', 'left behind'], { stdout: PIPE, text: true });
  assert.equal(await ended.wait(), 0);
  assert.equal(await ended.stdout.read(), 'left behind\n');
});

nativeTest('a pipe has the size that the system gives, unless another one is asked for', async () => {
  for (const options of [{}, { pipesize: 4096 }]) {
    const child = new Popen(['true'], { stdout: PIPE, ...options });
    // It gives less to who has very many.
    assert.ok(pipeSize(child.stdout.fd) <= ('pipesize' in options ? 4096 : 65_536));
    child.stdout.close();
    await child.wait();
  }
});
