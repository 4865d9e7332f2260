'use strict';
/*
 * How Node loads the files that every thread begins with: as CommonJS, with less ado than ES modules, and not compiled again in each thread. What V8
 * has made of them lies in memory that the threads of a process share: whoever makes the first worker writes it there while that worker begins.
 */
const { readFileSync } = require('node:fs');
const Module = require('node:module');
const { dirname, join } = require('node:path');
const { Script } = require('node:vm');
const { workerData } = require('node:worker_threads');

/** What threads need. */
const FILES = ['base/all', 'host/all', 'futures/worker-all'];
const BYTES_MAX = 2 ** 21;
const HEADER_BYTES = 64;

/*
 * The memory: the place behind all that has been written, then for each file where it lies, and its length.
 * Only the thread that has made the memory writes; a length other than 0 is written last, and then never changes.
 */
const given = workerData?.compiled;
const isGiven = given instanceof SharedArrayBuffer && given.byteLength === BYTES_MAX;
// What a worker begins with is not the program.
if (isGiven) process.mainModule = undefined;
const memory = isGiven ? given : new SharedArrayBuffer(BYTES_MAX);
const header = new Int32Array(memory, 0, HEADER_BYTES / 4);
const bytes = new Uint8Array(memory);
const placeOf = (name) => 1 + 2 * FILES.indexOf(name);

/** The scripts of this thread that have not been written yet. */
const unwritten = new Map();

function compiled(name) {
  const length = Atomics.load(header, placeOf(name) + 1);
  if (length === 0) return undefined;
  const start = header[placeOf(name)];
  return bytes.subarray(start, start + length);
}

function write() {
  for (const [name, script] of unwritten) {
    const data = script.createCachedData();
    const start = header[0] || HEADER_BYTES;
    if (start + data.length > BYTES_MAX) break;
    bytes.set(data, start);
    // V8 reads from there itself, and would copy what is not aligned.
    header[0] = (start + data.length + 7) & ~7;
    header[placeOf(name)] = start;
    Atomics.store(header, placeOf(name) + 1, data.length);
  }
  unwritten.clear();
}

function run(module, name) {
  const file = module.filename;
  // It is all ASCII.
  const text = readFileSync(file, 'latin1');
  // Of what is compiled here, Node would not know the source map.
  if (!FILES.includes(name) || process.sourceMapsEnabled) return module._compile(text, file);
  const script = new Script(Module.wrap(text), { filename: file, cachedData: compiled(name) });
  if (!isGiven) unwritten.set(name, script);
  script.runInThisContext().call(module.exports, module.exports, Module.createRequire(file), module, file, dirname(file));
}

/** The files that are there, whoever empties the cache of `require`: their state is there once. */
const modules = (Module[Symbol.for('manycore.modules')] ??= new Map());
exports.modules = modules;

/** What one of the files exports. */
exports.load = function load(name) {
  const file = join(__dirname, `${name}.cjs`);
  const before = modules.get(file);
  if (before !== undefined) return before.exports;
  const module = new Module(file);
  module.filename = file;
  module.paths = Module._nodeModulePaths(dirname(file));
  // As if it had been required: so its functions are sent by their names.
  Module._cache[file] = module;
  try {
    run(module, name);
    module.loaded = true;
  } catch (error) {
    delete Module._cache[file];
    modules.delete(file);
    throw error;
  }
  if (name === 'host/all') module.exports.compiledTexts.current = { memory, write: isGiven ? () => {} : write };
  return module.exports;
};

/** `import()`, which scripts that are compiled here don't have. */
exports.imported = (specifier) => import(specifier);
