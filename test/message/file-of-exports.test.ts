import assert from 'node:assert/strict';
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { fileOfExports } from '../../src/message/closures/file-of-exports.ts';
import { test } from '../support/test.ts';

const require = createRequire(import.meta.url);

/** Calls back with a folder for CommonJS modules. */
function withModules(act: (write: (name: string, text: string) => string) => void): void {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'manycore-')));
  try {
    act((name, text) => {
      const file = join(folder, name);
      writeFileSync(file, text);
      return file;
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test('an object is known as the exports of its module, and any other object as none', () => {
  withModules((write) => {
    const file = write('one.cjs', 'module.exports = { one: 1 };');
    const one = require(file) as object;
    assert.equal(fileOfExports(one, ''), file);
    assert.equal(fileOfExports({ one: 1 }, ''), null);
    // The main module is not loaded again.
    assert.equal(fileOfExports(one, pathToFileURL(file).href), null);
  });
});

test('an object that was asked for while its module was being loaded is its exports afterwards', () => {
  withModules((write) => {
    const asked: (string | null)[] = [];
    const ask = Symbol.for('manycore.test.ask');
    (globalThis as Record<symbol, unknown>)[ask] = (value: object) => asked.push(fileOfExports(value, ''));
    const file = write('late.cjs', `const api = {}; globalThis[Symbol.for('manycore.test.ask')](api); module.exports = api;`);
    const late = require(file) as object;
    Reflect.deleteProperty(globalThis, ask);
    assert.deepEqual(asked, [null]);
    assert.equal(fileOfExports(late, ''), file);
  });
});

test('the exports of a module that is loaded anew are found, and those of the old one are nobody’s', () => {
  withModules((write) => {
    const file = write('again.cjs', 'module.exports = { again: true };');
    const first = require(file) as object;
    assert.equal(fileOfExports(first, ''), file);
    Reflect.deleteProperty(require.cache, file);
    const second = require(file) as object;
    assert.equal(fileOfExports(second, ''), file);
    assert.equal(fileOfExports(first, ''), null);
  });
});
