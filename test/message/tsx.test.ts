import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { LONG } from '../support/patience.ts';
import { after, test } from '../support/test.ts';

const folder = mkdtempSync(join(tmpdir(), 'manycore-tsx-'));
after(() => rmSync(folder, { recursive: true }));
const tsx = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;
const repository = fileURLToPath(new URL('../../../', import.meta.url));
const at = (path: string): string => JSON.stringify(new URL(`../../src/${path}/index.js`, import.meta.url).href);

function runTypeScript(text: string): string {
  const file = join(folder, 'program.mts');
  writeFileSync(file, text);
  const { stdout, stderr } = spawnSync(process.execPath, ['--import', tsx, file], { encoding: 'utf8', timeout: 60_000 });
  assert.equal(stderr, '');
  return stdout;
}

test('under tsx, which compiles what is required, threads and processes use the same modules as the program', () => {
  const output = runTypeScript(`
    import { Thread, Lock, currentThread } from ${at('threading')};
    import { Queue } from ${at('queue')};
    import { Process, Queue as ProcessQueue } from ${at('multiprocessing')};
    const lock: Lock = new Lock(), queue = new Queue<string>(), far = new ProcessQueue<string>();
    const thread = new Thread({ name: 'worker', target: (n: number) => { lock.acquireSync(); queue.putSync(currentThread().name + n); lock.release(); }, args: [1] });
    thread.start();
    await thread.join();
    console.log(await queue.get(), lock.locked);
    const child = new Process({ target: (word: string) => far.putSync(word), args: ['from afar'] });
    child.start();
    await child.join();
    console.log(child.exitCode, await far.get());`);
  assert.equal(output, 'worker1 false\n0 from afar\n');
});

test('under tsx a struct of the program is itself in a process, and in a thread', () => {
  const output = runTypeScript(`
    import { Thread } from ${at('threading')};
    import { int32, Lock, Process, SharedStruct } from ${at('multiprocessing')};
    class Counter extends SharedStruct({ n: int32, lock: Lock }) {
      increment(): void { this.lock.acquireSync(); this.n += 1; this.lock.release(); }
    }
    const counter = new Counter({});
    for (const Kind of [Process, Thread]) {
      const one = new Kind({ target: (same: Counter) => same.increment(), args: [counter] });
      one.start();
      await one.join();
    }
    console.log(counter.n);`);
  assert.equal(output, '2\n');
});

const imports = `import { count, named, Pair, twice } from './part.ts';`;

/** A project without "type": "module", so that tsx makes CommonJS of its TypeScript. */
function runInCommonProject(name: string, text: string): string {
  const project = mkdtempSync(join(folder, 'common-'));
  writeFileSync(join(project, 'package.json'), '{}');
  writeFileSync(
    join(project, 'part.ts'),
    `let calls = 0;
     export function count(n: number): string { calls++; return n + ' ' + calls; }
     export class Pair { constructor(readonly a: number, readonly b: number) {} sum(): number { return this.a + this.b; } }
     export const named = { inner: (n: number): number => n * 3 };
     export const twice = (n: number): number => { if (n === 7) throw new RangeError('no sevens'); return n * 2; };`,
  );
  mkdirSync(join(project, 'node_modules'));
  symlinkSync(repository, join(project, 'node_modules/manycore'));
  writeFileSync(join(project, name), text);
  const { stdout, stderr } = spawnSync(process.execPath, ['--import', tsx, join(project, name)], {
    cwd: project,
    encoding: 'utf8',
    timeout: LONG,
  });
  assert.equal(stderr, '');
  return stdout;
}

const onThreads = `
  async function all() {
    const pool = new ThreadPoolExecutor({ maxWorkers: 1 });
    console.log(await pool.submit(count, 1), await pool.submit(count, 2), await pool.submit(twice, 21));
    const pair = await pool.submit((n: number) => new Pair(n, 2), 1);
    console.log(pair instanceof Pair, pair.sum(), await pool.submit((one: Pair) => [one instanceof Pair, one.sum(), named.inner(2)].join(), pair));
    const error = (await pool.submit(twice, 7).exception()) as Error;
    console.log(error instanceof RangeError, error.message);
    await pool.shutdown();
  }
  void all();`;
const shown = '1 1 2 2 42\ntrue 3 true,3,6\ntrue no sevens\n';

test('functions and classes of a module that tsx has made CommonJS of go to threads by reference, from an ES module', () => {
  assert.equal(runInCommonProject('main.mts', `import { ThreadPoolExecutor } from ${at('futures')}; ${imports} ${onThreads}`), shown);
});

test('and from CommonJS, whose require of this package, here and in the thread, gives the modules that import gives', () => {
  const program = `
    import { ThreadPoolExecutor } from 'manycore/futures'; ${imports} ${onThreads}
    void import('manycore/futures').then((imported) => console.log(imported.ThreadPoolExecutor === ThreadPoolExecutor));
    void new ThreadPoolExecutor({ maxWorkers: 1 }).submit(async () => {
      const required = require('manycore/threading'), imported = await import('manycore/threading');
      return [required.Thread === imported.Thread, required.currentThread().name].join();
    }).result().then((text) => setTimeout(() => console.log(text), 0));`;
  const lines = runInCommonProject('main.ts', program).trim().split('\n');
  assert.deepEqual(lines.toSorted(), [...shown.trim().split('\n'), 'true', 'true,ThreadPoolExecutor-1_0'].toSorted());
});

test('and to processes', () => {
  const output = runInCommonProject(
    'main.mts',
    `import { ProcessPoolExecutor } from ${at('futures')}; ${imports}
     const pool = new ProcessPoolExecutor({ maxWorkers: 1 });
     console.log(await pool.submit(count, 3), await pool.submit((n: number) => twice(n), 2));
     await pool.shutdown();`,
  );
  assert.equal(output, '3 1 4\n');
});

test('and to the nodes of a cluster', () => {
  const output = runInCommonProject(
    'main.mts',
    `import { SlurmExecutor } from ${at('slurm')}; ${imports}
     const nodes = new SlurmExecutor({ launcher: 'local', workersPerNode: 1 });
     console.log(await nodes.submit(count, 4), await nodes.submit((n: number) => twice(n), 2));
     await nodes.shutdown();`,
  );
  assert.equal(output, '4 1 4\n');
});
