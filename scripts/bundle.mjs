// What the package ships: its modules in few files, in build/dist. A program, and each of its threads and processes, reads ten files and not two
// hundred. Each module is there once, whoever loads it. What is loaded by its address has that, relative to the others, as in build/src.
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { rollup } from 'rollup';

const FROM = resolve('build/src');
const TO = resolve('build/dist');

/** What queues and pools need of the lowest layer. */
const STRUCTURES = ['base/deque', 'base/heap', 'base/positive-integer'];
/** What pools of threads, and those of processes, need: so a program that has the former alone need not load the others. */
const POOLS = [
  'futures/delays',
  'futures/textual-functions',
  'futures/task-stream',
  'futures/why',
  'futures/process-pool/broken',
  'futures/process-pool/encoding-error',
];

/**
 * The files that hold several modules, and whom each is for. A module lies in the first file that is for somebody who needs it: so no file imports a
 * later one, and whoever needs a module reads little beside it.
 */
export const FILES = /** @type {const} */ ([
  ['base/version', ['base/version']],
  ['base/all', ['signal/index', 'subprocess/index', 'trace/index', 'profile/index', 'host/thread/stack-monitor', ...STRUCTURES]],
  ['host/all', ['host/thread/thread-main', 'threading/thread', 'queue/errors', 'host/process/exit']],
  ['futures/worker-all', ['futures/fabric/worker']],
  ['futures/pools-all', POOLS],
  ['threading/all', ['threading/index']],
  ['queue/all', ['queue/index']],
  ['host/process-all', ['host/process/process-main', 'host/process/fork/server-main']],
  ['futures/process-worker-all', ['futures/process-pool/worker-main']],
  ['multiprocessing/child-all', ['multiprocessing/run-target']],
  ['futures/process-pool-all', ['futures/process-pool/crew']],
  ['futures/all', ['futures/index']],
  ['recording/all', ['recording/preload']],
  ['sched/all', ['sched/index']],
  ['logging/all', ['logging/index']],
  ['signal/all', ['signal/index']],
  ['subprocess/all', ['subprocess/index']],
  ['trace/all', ['trace/index', 'trace/program']],
  ['profile/all', ['profile/index']],
  ['profile/program-all', ['profile/program', 'profile/instrument/loader-thread']],
  ['multiprocessing/all', ['multiprocessing/index']],
  ['asyncio/all', ['asyncio/index']],
  ['slurm/array-all', ['slurm/executor/array/array-main']],
  ['slurm/all', ['slurm/index']],
  ['slurm/link-all', ['slurm/executor/link/link-main']],
  ['slurm/manager-all', ['slurm/executor/manager/manager-main']],
  ['cli/all', ['cli/main']],
  ['cli/practical-all', ['cli/practical']],
  ['cli/run-all', ['cli/run-program']],
  ['cli/attach-all', ['cli/dump', 'cli/top', 'cli/ps']],
  ['cli/profile-all', ['cli/profile', 'cli/trace']],
  ['cli/report-all', ['cli/report/write-report']],
  ['cli/map-all', ['cli/map']],
  ['cli/slurm-all', ['cli/slurm']],
]);
/** What is for so many holds these layers of what they need. */
const SHARED = 'base/all';
const LOWEST = /^(?:base|system|word|sync|host)\//;

const idOf = (name) => join(FROM, `${name}.js`);
const nameOf = (id) => relative(FROM, id).replace(/\.js$/, '');
const names = readdirSync(FROM, { recursive: true })
  .flatMap((file) => /^(.+)\.js$/.exec(String(file))?.[1] ?? [])
  // The programs of the practical are run as they are.
  .filter((name) => existsSync(join('src', `${name}.ts`)) && !name.startsWith('practical/'));

/** An address of another module: a thread or a process begins with it. To load such a module is to run it, so it has a file of its own. */
const BEGINNING = /[`'"](\.{1,2}\/[\w/-]+)\.js[^`'"]*[`'"], import\.meta\.url/g;
/** A module that is loaded for what it exports, by its address. */
const NAMED = /\b(?:nameExports\(|preloads\.add\(|recorder: )import\.meta\.url/g;
/** What is found from where a module lies. What is loaded only for what it registers then, or looks for packages, takes its file's address. */
const PLACED = new RegExp(`${BEGINNING.source}|${NAMED.source}|\\bnew URL\\('[./]+', import\\.meta\\.url`, 'g');

const texts = new Map(names.map((name) => [name, readFileSync(idOf(name), 'utf8')]));
const begun = new Set([...texts].flatMap(([name, text]) => Array.from(text.matchAll(BEGINNING), ([, to]) => join(dirname(name), to))));
const { bin, exports } = JSON.parse(readFileSync('package.json', 'utf8'));
const shipped = (file) => relative(TO, file).replace(/\.js$/, '');
begun.add(shipped(bin.manycore)).add('host/thread/service-main');
const kept = new Set([
  ...begun,
  ...Object.values(exports).flatMap((target) => (typeof target === 'string' ? [] : shipped(target.default['node-addons']))),
  ...names.filter((name) => texts.get(name).search(NAMED) >= 0),
]);
/** The file that each module lies in; those that are in none have their own. */
function fileOfEach(getModuleInfo) {
  const files = new Map();
  for (const [file, roots] of FILES) {
    const seen = new Set();
    const visit = (id) => {
      if (seen.has(id) || !id.startsWith(FROM)) return;
      seen.add(id);
      const name = nameOf(id);
      if (!files.has(name) && !begun.has(name) && (file !== SHARED || LOWEST.test(name))) files.set(name, file);
      getModuleInfo(id).importedIds.forEach(visit);
    };
    for (const root of roots) visit(idOf(root));
  }
  return files;
}

/** A module, with another word of the same length where its own place is meant. */
function load(id) {
  const code = readFileSync(id, 'utf8').replaceAll(PLACED, (text) => text.replace('import.meta.url', 'import.meta.own'));
  return { code, map: JSON.parse(readFileSync(`${id}.map`, 'utf8')) };
}

/** The address that a module would have by itself, in the file `chunkId`: all that it finds from there is there. */
function ownAddress(property, { moduleId, chunkId }) {
  if (property !== 'own') return null;
  const name = nameOf(moduleId);
  const way = relative(dirname(chunkId), name.startsWith('practical/') ? relative(TO, moduleId) : `${name}.js`);
  return way === basename(chunkId) ? 'import.meta.url' : `new URL('${way.startsWith('.') ? way : `./${way}`}', import.meta.url).href`;
}

/** Every module is an entry, so that its file exports all that it does: a function of ours that travels is found there. Few need to be found by name. */
function withoutOthers(bundle) {
  const imported = new Set(Object.values(bundle).flatMap(({ imports = [], dynamicImports = [] }) => [...imports, ...dynamicImports]));
  for (const [file, { facadeModuleId }] of Object.entries(bundle)) {
    if (!facadeModuleId || imported.has(file) || kept.has(nameOf(facadeModuleId))) continue;
    delete bundle[file];
    delete bundle[`${file}.map`];
  }
}

const bundle = await rollup({
  input: Object.fromEntries(names.map((name) => [name, idOf(name)])),
  external: (id) => !id.startsWith('.') && !id.startsWith('/'),
  plugins: [
    {
      name: 'manycore',
      load,
      resolveImportMeta: ownAddress,
      generateBundle: (_, all) => withoutOthers(all),
    },
  ],
  // What a module does when it is loaded, it does here too.
  treeshake: false,
  preserveEntrySignatures: 'strict',
  onwarn({ code, message }) {
    // Modules of one file may import each other, and what the compiler puts before `using` asks for `this`.
    if (!['CIRCULAR_DEPENDENCY', 'EMPTY_BUNDLE', 'THIS_IS_UNDEFINED'].includes(code)) throw new Error(`${code}: ${message}`);
  },
});
rmSync(TO, { recursive: true, force: true });
let files;
await bundle.write({
  dir: TO,
  format: 'es',
  sourcemap: true,
  sourcemapExcludeSources: true,
  entryFileNames: '[name].js',
  chunkFileNames: '[name].js',
  generatedCode: 'es2015',
  minifyInternalExports: false,
  hoistTransitiveImports: false,
  manualChunks: (id, { getModuleInfo }) => (files ??= fileOfEach(getModuleInfo)).get(nameOf(id)) ?? null,
});
await bundle.close();
