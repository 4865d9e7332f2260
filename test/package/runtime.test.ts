import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { whyTooOld } from '../../src/base/runtime.ts';
import { buildSync } from 'esbuild';
import { after, test } from '../support/test.ts';

const folder = mkdtempSync(join(tmpdir(), 'manycore-runtime-'));
after(() => rmSync(folder, { recursive: true }));

test('a Node that is too old is told by its version, whichever way the package is loaded', () => {
  for (const version of ['18.20.8', '20.18.3', '21.7.3', '22.11.0'])
    assert.match(String(whyTooOld(version)), /20\.19, 22\.12 or later: this is /);
  for (const version of ['20.19.0', '22.12.0', '23.0.0', '24.0.0', '26.1.0']) assert.equal(whyTooOld(version), null);
  const old = join(folder, 'old.cjs');
  writeFileSync(old, `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.10.0' } });`);
  const place = (name: string): string => JSON.stringify(fileURLToPath(new URL(`../../dist/queue/${name}`, import.meta.url)));
  for (const load of [`import(${place('index.js')})`, `Promise.resolve().then(() => require(${place('index.cjs')}))`]) {
    const { stdout } = spawnSync(process.execPath, ['-r', old, '-e', `${load}.catch((error) => console.log(error.code, error.message))`], {
      encoding: 'utf8',
    });
    assert.match(stdout, /^ERR_NODE_VERSION manycore needs Node\.js 20\.19, 22\.12 or later: this is 20\.10\.0 \(\/.*\)\n$/);
  }
});

test('threads are refused in a copy of a fork server by the package as it is shipped, too', () => {
  const place = (name: string): string => JSON.stringify(new URL(`../../dist/${name}/index.js`, import.meta.url).href);
  const program = `
    import { getContext, Queue } from ${place('multiprocessing')};
    import { Thread } from ${place('threading')};
    const answers = new Queue();
    const child = new (getContext('forkserver').Process)({
      target: () => {
        try { new Thread({ target: () => {} }).start(); answers.putSync('started'); } catch ({ code }) { answers.putSync(code); }
      },
    });
    child.start();
    await child.join();
    console.log(answers.getSync());`;
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8' });
  assert.equal(stdout, 'ERR_NO_THREADS_IN_FORK\n', stderr);
});

test('a bundle that the package has become a part of says what to leave out, whatever it starts', () => {
  // In the package, whose name then stands for itself, and beside the modules that it needs.
  const beside = mkdtempSync(fileURLToPath(new URL('../../bundle-', import.meta.url)));
  after(() => rmSync(beside, { recursive: true }));
  const starts = {
    thread: [`import { Thread } from 'manycore/threading'`, `new Thread({ target: () => {} }).start()`],
    pool: [`import { ThreadPoolExecutor } from 'manycore/futures'`, `await new ThreadPoolExecutor().submit(() => {})`],
    process: [`import { Process } from 'manycore/multiprocessing'`, `new Process({ target: () => {} }).start()`],
    'process pool': [`import { ProcessPoolExecutor } from 'manycore/futures'`, `await new ProcessPoolExecutor().submit(() => {})`],
    'slurm executor': [`import { SlurmExecutor } from 'manycore/slurm'`, `await new SlurmExecutor({ launcher: 'local' }).submit(() => {})`],
    array: [
      `import { ArrayRun } from 'manycore/slurm'`,
      `await ArrayRun.start(() => {}, [1], { launcher: 'local', directory: ${JSON.stringify(beside)} }).futures[0]`,
    ],
  };
  for (const [what, [load, start]] of Object.entries(starts)) {
    const outfile = join(beside, `${what}.mjs`);
    const contents = `${load}; try { ${start} } catch (error) { const { code, message } = error.cause ?? error; console.log(code, message); }`;
    const stdin = { contents, resolveDir: beside };
    buildSync({ stdin, outfile, bundle: true, format: 'esm', platform: 'node', external: ['koffi'], logLevel: 'error' });
    const { stdout, stderr } = spawnSync(process.execPath, [outfile], { encoding: 'utf8' });
    assert.match(
      stdout,
      /^ERR_BUNDLED cannot start a thread or a process: \/.*-main\.js is not there\. .*--external:manycore/,
      `${what}: ${stderr}`,
    );
  }
});
