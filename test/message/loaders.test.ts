import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { LONG } from '../support/patience.ts';
import { after, test } from '../support/test.ts';

/*
 * Loaders of TypeScript that are run as commands, and so are in the program's first thread only. The two here do what matters as ts-node
 * and jiti do it; the compiler is esbuild.
 */
const project = mkdtempSync(join(tmpdir(), 'manycore-loaders-'));
after(() => rmSync(project, { recursive: true }));
const write = (path: string, text: string): string => {
  const file = join(project, path);
  mkdirSync(join(file, '..'), { recursive: true });
  writeFileSync(file, text);
  return file;
};
mkdirSync(join(project, 'node_modules'));
symlinkSync(fileURLToPath(new URL('../../../', import.meta.url)), join(project, 'node_modules/manycore'));

write('package.json', '{}');
write(
  'part.ts',
  `enum Step { Two = 2 }
   export const twice = (n: number): number => n * Step.Two;
   export class Point { x: number; constructor(x: number) { this.x = x; } plus(n: number) { return new Point(this.x + n); } }`,
);
write(
  'app.ts',
  `import { ThreadPoolExecutor, ProcessPoolExecutor } from 'manycore/futures';
   import { join } from 'node:path';
   import { twice, Point } from './part';
   async function main(): Promise<void> {
     for (const pool of [new ThreadPoolExecutor({ maxWorkers: 1 }), new ProcessPoolExecutor({ maxWorkers: 1 })]) {
       const point = await pool.submit((one: Point) => one.plus(3), new Point(1));
       console.log(await pool.submit((n: number) => twice(n), 4), await pool.submit(twice, 5), await pool.submit(() => join('a', 'b')), point instanceof Point, point.x);
       await pool.shutdown();
     }
   }
   void main();`,
);

const compiler = `
  const { readFileSync } = require('node:fs');
  const { transformSync } = require(${JSON.stringify(createRequire(import.meta.url).resolve('esbuild'))});
  const compiled = (file) => transformSync(readFileSync(file, 'utf8'), { loader: 'ts', format: 'cjs', target: 'es2022', sourcemap: 'inline', sourcefile: file }).code;`;

function run(...args: string[]): string {
  const { stdout, stderr } = spawnSync(process.execPath, ['--no-warnings', ...args], { encoding: 'utf8', timeout: LONG * 4, cwd: project });
  assert.equal(stderr, '');
  return stdout;
}

const OUTPUT = '8 10 a/b true 4\n'.repeat(2);

test('under ts-node, run as a command, threads and processes load the modules of the program by it', () => {
  write(
    'node_modules/ts-node/dist/index.js',
    `${compiler}
    exports.register = (options) => {
      process[Symbol.for('ts-node.register.instance')] = { options: { ...options, tsTrace: () => {} } };
      require.extensions['.ts'] = (module, file) => module._compile(compiled(file), file);
    };`,
  );
  const command = write(
    'node_modules/ts-node/dist/bin.js',
    `require('./index.js').register({ cwd: process.cwd() });
    process.execArgv.push(__filename, '--transpile-only');
    const file = process.argv.at(-1);
    process.argv = [process.argv[1], file];
    require(file);`,
  );
  assert.equal(run(command, '--transpile-only', join(project, 'app.ts')), OUTPUT);
});

test('a module that only a loader of the first thread can load travels by value', () => {
  const command = write(
    'jiti.js',
    `${compiler}
    const Module = require('node:module');
    const { dirname, join } = require('node:path');
    const load = (file) => {
      const module = (require.cache[file] = Object.assign(new Module(file), { filename: file, loaded: false }));
      const requireHere = (id) => id.startsWith('.') ? around(load(join(dirname(file), id + '.ts'))) : require(id);
      require('node:vm').runInThisContext(Module.wrap(compiled(file)), file)(module.exports, requireHere, module, file, dirname(file));
      module.loaded = true;
      return module.exports;
    };
    const around = (exports) => new Proxy(exports, { get: (target, name) => name === 'default' ? target : Reflect.get(target, name) });
    process.argv[1] = process.argv[2];
    load(process.argv[2]);`,
  );
  assert.equal(run(command, join(project, 'app.ts')), OUTPUT);
});
