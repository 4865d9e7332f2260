import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from '../support/test.ts';
import { watch } from '../support/watchdog.ts';
import { installed, manifest, packed, project, repository, run, tarball, write } from './installed.ts';
import { morePrograms } from './more-programs.ts';
import { asCommonJs, asModule, inTypeScript, programs } from './programs.ts';

const bin = (name: string): string => join(repository, 'node_modules/.bin', name);
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
const stripsTypes = major > 22 || (major === 22 && minor >= 18);

const all = [...programs, ...morePrograms];

for (const program of all) {
  test(`installed, ${program.name} works in a module, and with require`, () => {
    assert.equal(run(`${program.name}.mjs`, asModule(program)), program.output);
    assert.equal(run(`${program.name}.cjs`, asCommonJs(program)), program.output);
  });

  test(`installed, ${program.name} works in TypeScript`, () => {
    const text = inTypeScript(program);
    assert.equal(run(`${program.name}.ts`, text, '--import', 'tsx'), program.output);
    if (stripsTypes) assert.equal(run(`${program.name}.ts`, text), program.output);
  });
}

test('installed, every program is right for the compiler of TypeScript, as strict as it gets', () => {
  for (const program of all) write(`${program.name}.ts`, inTypeScript(program));
  const options = ['--noEmit', '--strict', '--noImplicitOverride', '--module', 'nodenext', '--target', 'es2022'];
  watch('tsc');
  const files = all.map(({ name }) => `${name}.ts`);
  const { stdout, status } = spawnSync(bin('tsc'), [...options, '--lib', 'es2023,esnext.disposable', '--types', 'node', ...files], {
    cwd: project,
    encoding: 'utf8',
  });
  assert.equal(stdout, '');
  assert.equal(status, 0);
});

test('every export has its file and its types', () => {
  for (const [name, target] of Object.entries(manifest.exports)) {
    const files =
      typeof target === 'string' ? [target] : [target.require, target.default].flatMap((conditions) => Object.values(conditions));
    for (const file of files) assert.ok(existsSync(join(installed, file)), `${name}: ${file} is not in the package`);
  }
});

test('the package holds what is built from its source, its documents, and nothing else', () => {
  const files = packed.files.map(({ path }) => path);
  const known = new Set(files);
  const stray = files.filter((path) => {
    const typed = /^build\/src\/(.+?)\.d\.c?ts(?:\.map)?$/.exec(path) ?? /^build\/src\/(practical\/.+?)\.js(?:\.map)?$/.exec(path);
    if (typed !== null) return !known.has(`src/${typed[1]}.ts`);
    return !/^(?:build\/dist\/.+\.(?:js|js\.map|cjs)|build\/es\/.+\.c?js|src\/(?:.+\.ts|(?:core|require-natively)\.cjs|practical\/python\/.+\.py)|docs\/.+\.md|(?:README|CHANGELOG)\.md|LICENSE|package\.json)$/.test(
      path,
    );
  });
  assert.deepEqual(stray, []);
  assert.ok(packed.size < 2_700_000, `the package has ${packed.size} bytes`);
});

test('what a program does not use yet is not loaded', () => {
  const loaded = run(
    'loaded.mjs',
    `import { createRequire, register } from 'node:module';
     register('data:text/javascript,' + encodeURIComponent(\`
       import { writeSync } from 'node:fs';
       export async function load(url, context, next) { if (url.includes('node_modules')) writeSync(1, url + '\\\\n'); return next(url, context); }\`));
     await import('manycore/threading');
     await import('manycore/queue');
     for (const file of Object.keys(createRequire(import.meta.url).cache)) console.log(file);`,
    '--no-warnings',
  );
  assert.match(loaded, /manycore\/build\/dist\/threading\/index\.js/);
  for (const name of Object.keys(manifest.dependencies)) assert.ok(!loaded.includes(`/node_modules/${name}/`), `${name} is loaded`);
  const files = loaded.split('\n').filter((line) => line.includes('/manycore/build/'));
  assert.ok(files.length <= 7, `two modules are ${files.length} files:\n${files.join('\n')}`);
});

test('a program with a pool of threads loads nothing of pools of processes, until it makes one', () => {
  const loaded = run(
    'threads.mjs',
    `import { createRequire } from 'node:module';
     import { ProcessPoolExecutor, ThreadPoolExecutor } from 'manycore/futures';
     const files = () => Object.keys(createRequire(import.meta.url).cache).filter((file) => /process|queue/.test(file)).length;
     const threads = new ThreadPoolExecutor({ maxWorkers: 1 });
     console.log(await threads.submit((n) => n + 1, 1), files());
     await threads.shutdown();
     const processes = new ProcessPoolExecutor({ maxWorkers: 1 });
     console.log(processes instanceof ProcessPoolExecutor, files() > 0);
     await processes.shutdown();`,
  );
  assert.equal(loaded, '2 0\ntrue true\n');
});

test('each module is there once, whoever imports it: the package, its modules, and what a thread gets', () => {
  const printed = run(
    'once.mjs',
    `import { createRequire } from 'node:module';
     import * as all from 'manycore';
     import * as threading from 'manycore/threading';
     import * as queue from 'manycore/queue';
     import * as futures from 'manycore/futures';
     import * as multiprocessing from 'manycore/multiprocessing';
     const required = createRequire(import.meta.url)('manycore/threading');
     console.log(all.threading.Thread === threading.Thread, required.Lock === threading.Lock, all.queue.Queue === queue.Queue);
     const [lock, shared] = [new threading.Lock(), new multiprocessing.Lock()];
     const threads = new futures.ThreadPoolExecutor({ maxWorkers: 1 });
     console.log(await threads.submit(async () => lock instanceof (await import('manycore/threading')).Lock));
     const { Thread, Barrier } = threading;
     console.log(await threads.submit(async () => {
       const there = await import('manycore/threading');
       return there.Thread === Thread && there.Barrier === Barrier;
     }));
     await threads.shutdown();
     const processes = new futures.ProcessPoolExecutor({ maxWorkers: 1 });
     console.log(await processes.submit(async () => shared instanceof (await import('manycore/multiprocessing')).Lock));
     await processes.shutdown();
     const { cache } = createRequire(import.meta.url);
     for (const file of Object.keys(cache)) delete cache[file];
     console.log((await import('manycore/asyncio')).CancelledError === futures.CancelledError);`,
  );
  assert.equal(printed, 'true true true\ntrue\ntrue\ntrue\ntrue\n');
});

test('in a thread no module takes itself, or the one that the thread begins with, for the program', () => {
  const printed = run(
    'main-module.mjs',
    `import { createRequire } from 'node:module';
     import { ThreadPoolExecutor } from 'manycore/futures';
     const pool = new ThreadPoolExecutor({ maxWorkers: 1 });
     console.log(await pool.submit(() => [process.mainModule?.filename, createRequire(process.cwd() + '/x.cjs').main?.filename]));
     await pool.shutdown();`,
  );
  assert.equal(printed, '[ undefined, undefined ]\n');
});

test('where source maps are on, the stack of an error leads to the source', () => {
  const printed = run(
    'mapped.mjs',
    `import { Lock } from 'manycore/threading';
     try { new Lock().release(); } catch (error) { console.log(error.stack); }`,
    '--enable-source-maps',
  );
  assert.match(printed, /at .*release.*\/manycore\/src\/threading\/lock\.ts:\d+:\d+/);
});

test('publint and attw find nothing wrong with the package', () => {
  const commands: readonly (readonly [string, ...string[]])[] = [
    [bin('publint'), 'run', installed, '--strict', '--pack', 'false'],
    [bin('attw'), tarball],
  ];
  for (const [command, ...args] of commands) {
    watch(command);
    const { status, stdout, stderr } = spawnSync(command, args, { cwd: project, encoding: 'utf8' });
    assert.equal(status, 0, `${command}\n${stdout}${stderr}`);
  }
});
