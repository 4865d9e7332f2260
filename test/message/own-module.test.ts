import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { LONG } from '../support/patience.ts';
import { after, test } from '../support/test.ts';

const folder = mkdtempSync(join(tmpdir(), 'manycore-module-'));
after(() => rmSync(folder, { recursive: true }));
const at = (name: string): string => JSON.stringify(fileURLToPath(new URL(`../../src/${name}/index.js`, import.meta.url)));

test('the `module` of a CommonJS program is refused: in a thread it would be another one, in a process none. Its `exports` are sent', () => {
  const file = join(folder, 'program.cjs');
  writeFileSync(
    file,
    `const { Thread } = require(${at('threading')});
     const { Process } = require(${at('multiprocessing')});
     exports.answer = 42;
     (async () => {
       for (const Kind of [Thread, Process]) {
         try {
           new Kind({ target: () => (module.exports.more = 1) }).start();
         } catch (error) {
           console.log(error.code, /captured variable 'module'/.test(error.message), /exports/.test(error.hint));
         }
         const one = new Kind({ target: () => console.log(exports.answer) });
         one.start();
         await one.join();
       }
     })();`,
  );
  const { stdout, stderr } = spawnSync(process.execPath, [file], { encoding: 'utf8', timeout: LONG });
  assert.equal(stderr, '');
  assert.equal(stdout, 'E_NATIVE_HANDLE true true\n42\n'.repeat(2));
});

test('a function that is imported travels without the parser being loaded for it', () => {
  const module = join(folder, 'double.mjs');
  writeFileSync(module, 'export const double = (n) => n * 2;\n');
  const file = join(folder, 'without-parser.mjs');
  writeFileSync(
    file,
    `import { createRequire } from 'node:module';
     import { ThreadPoolExecutor } from ${at('futures')};
     import { double } from './double.mjs';
     const pool = new ThreadPoolExecutor({ maxWorkers: 1 });
     console.log(await pool.submit(double, 21));
     const files = () => Object.keys(createRequire(import.meta.url).cache).filter((name) => name.includes('acorn'));
     console.log(files().length);
     console.log(await pool.submit((n) => n * 2, 21), files().length);`,
  );
  const { stdout, stderr } = spawnSync(process.execPath, [file], { encoding: 'utf8', timeout: LONG });
  assert.equal(stderr, '');
  assert.equal(stdout, '42\n0\n42 1\n');
});
