import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { Thread } from '../../src/threading/index.ts';
import { LONG } from '../support/patience.ts';
import { runProgram } from '../support/program.ts';
import { test } from '../support/test.ts';
import { until } from '../support/until.ts';
import { slowlyLoaded } from './slow-module.ts';

const folder = mkdtempSync(join(tmpdir(), 'manycore-loading-'));
after(() => rmSync(folder, { recursive: true }));

test('a thread that is terminated while it loads a module ends at once', async () => {
  process.env['SLOW_MODULE'] = folder;
  try {
    const thread = new Thread({ target: slowlyLoaded, fresh: true });
    thread.start();
    await until(() => existsSync(join(folder, 'begun')));
    await thread.terminate();
    assert.equal(thread.isAlive, false);
    assert.ok(!existsSync(join(folder, 'through')));
  } finally {
    delete process.env['SLOW_MODULE'];
  }
});

/** An ES module that imports so many others that to link them takes a while, and what requires it, once Node says that it links. */
function manyModules(): string {
  const many = join(folder, 'many');
  mkdirSync(many);
  const numbers = Array.from({ length: 250 }, (_, i) => i);
  for (const i of numbers) writeFileSync(join(many, `m${i}.mjs`), `export function f${i}() {}`);
  writeFileSync(join(many, 'all.mjs'), numbers.map((i) => `export * from './m${i}.mjs';`).join('\n'));
  const file = join(folder, 'linking.cjs');
  writeFileSync(
    file,
    `const Module = require('node:module');
    process.emitWarning = () => {};
    /** Tells when this thread links ES modules: of Node's class that does it, an object is in each CommonJS module that stands for one. */
    function tellLinking(told) {
      const module = new Module('none');
      module._compile('', ${JSON.stringify(join(folder, 'none.mjs'))}, 'module');
      const wrap = Object.getOwnPropertySymbols(module).map((key) => module[key]).find((value) => typeof value?.instantiate === 'function');
      const methods = Object.getPrototypeOf(wrap);
      for (const name of ['instantiate', 'instantiateSync']) {
        const method = methods[name];
        if (method !== undefined) methods[name] = function () { told(); return method.call(this); };
      }
    }
    exports.load = (cell) => {
      tellLinking(() => { Atomics.store(cell, 0, 1); Atomics.notify(cell, 0); });
      require('./many/all.mjs');
    };`,
  );
  return file;
}

const linking = manyModules();

/** A loader that has Node load CommonJS that is imported in a way of its own. */
const hook = `import { readFileSync } from 'node:fs';
  export async function load(url, context, next) {
    const loaded = await next(url, context);
    return loaded.format === 'commonjs' ? { ...loaded, source: readFileSync(new URL(url)) } : loaded;
  }`;
const asUrl = (text: string): string => `data:text/javascript,${encodeURIComponent(text)}`;
const withHook = `--import=${asUrl(`import { register } from 'node:module'; register(${JSON.stringify(asUrl(hook))});`)}`;

interface Way {
  readonly name: string;
  readonly flags?: readonly string[];
  /** Has a thread link modules, which says so by `cell`, and ends it then. */
  readonly end: string;
}

const ways: readonly Way[] = [
  { name: 'ended by terminate()', end: `const thread = start(load, cell); linked(cell); await thread.terminate();` },
  {
    name: 'ended with the thread that has made it',
    end: `const thread = start((load, cell) => { const inner = new Thread({ target: load, args: [cell], fresh: true }); inner.start(); inner.joinSync(); }, load, cell);
      linked(cell); await thread.terminate();`,
  },
  {
    name: 'ended with the thread that has made it, which calls process.exit()',
    end: `const thread = start((load, cell) => { new Thread({ target: load, args: [cell], fresh: true }).start(); Atomics.wait(cell, 0, 0); process.exit(0); }, load, cell);
      await thread.join();`,
  },
  {
    name: 'ended with the process',
    end: `const program = \`const { Thread } = await import(\${JSON.stringify(threading)}); const cell = new Int32Array(new SharedArrayBuffer(4));
        const { createRequire } = await import('node:module'); const { load } = createRequire(\${JSON.stringify(linking)})(\${JSON.stringify(linking)});
        new Thread({ target: load, args: [cell], fresh: true }).start(); Atomics.wait(cell, 0, 0); process.exit(0);\`;
      const { status, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', program]);
      if (status !== 0) throw new Error(String(stderr));`,
  },
  {
    name: 'a worker of the program itself, which has imported this package',
    end: `const worker = new Worker(\`const { workerData } = require('node:worker_threads'); const { createRequire } = require('node:module');
        import(\${JSON.stringify(threading)}).then(() => require(\${JSON.stringify(linking)}).load(workerData))\`, { eval: true, execArgv: [], workerData: cell });
      linked(cell); await worker.terminate();`,
  },
  {
    name: 'by CommonJS that is imported, where a loader gives its text',
    flags: [withHook],
    end: `const thread = start(async (file, cell) => { const { default: { load } } = await import(file); load(cell); }, linking, cell); linked(cell); await thread.terminate();`,
  },
];

const program = ({ end }: Way): string => `
  import { spawnSync } from 'node:child_process';
  import { createRequire } from 'node:module';
  import { Worker } from 'node:worker_threads';
  import { Thread } from 'manycore/threading';
  const threading = ${JSON.stringify(new URL('../../src/threading/index.js', import.meta.url).href)};
  const linking = ${JSON.stringify(linking)};
  const { load } = createRequire(linking)(linking);
  const start = (target, ...args) => { const thread = new Thread({ target, args, fresh: true }); thread.start(); return thread; };
  const linked = (cell) => { if (Atomics.wait(cell, 0, 0, ${LONG / 2}) === 'timed-out') throw new Error('nothing is linked'); };
  for (let i = 0; i < 5; i++) {
    const cell = new Int32Array(new SharedArrayBuffer(4));
    ${end}
  }
  console.log('ended');`;

for (const way of ways) {
  test(`a thread that is ended while Node links the ES modules that it requires takes nobody with it: ${way.name}`, async () => {
    const { stdout, stderr, code, signal } = await runProgram(program(way), { flags: way.flags ?? [] });
    assert.deepEqual({ stdout, code, signal }, { stdout: 'ended\n', code: 0, signal: null }, stderr);
  });
}
