// The layers from the bottom up, as data: who may import whom, and which of Node's modules.
// `tsc -b` enforces the first half (the tsconfig of each layer is written from this table by
// `node scripts/layers.mjs`), test/layers.test.ts both halves, with a message in words.

/** @type {Record<string, { imports: string[], node: string[], packages?: string[] }>} */
export const layers = {
  base: { imports: [], node: [] },
  system: { imports: ['base'], node: ['fs', 'os', 'module'], packages: ['koffi'] },
  word: { imports: ['base', 'system'], node: ['fs', 'net'] },
  sync: { imports: ['base', 'word'], node: [] },
  message: {
    imports: ['base', 'word'],
    node: ['buffer', 'fs', 'inspector', 'module', 'path', 'url', 'util', 'util/types', 'v8', 'vm', 'worker_threads'],
    packages: ['acorn'],
  },
  host: {
    imports: ['base', 'system', 'word', 'sync', 'message'],
    node: [
      'async_hooks',
      'child_process',
      'crypto',
      'diagnostics_channel',
      'fs',
      'inspector',
      'module',
      'net',
      'os',
      'path',
      'stream',
      'url',
      'util',
      'v8',
      'vm',
      'worker_threads',
      'http',
    ],
    packages: ['ws'],
  },
  threading: { imports: ['base', 'word', 'sync', 'message', 'host'], node: ['async_hooks', 'util'] },
  queue: { imports: ['base', 'word', 'sync', 'message', 'host', 'threading'], node: ['util'] },
  sched: { imports: ['base', 'message', 'queue'], node: ['util'] },
  logging: {
    imports: ['base', 'word', 'sync', 'message', 'host', 'threading', 'queue'],
    node: ['fs', 'module', 'path', 'util'],
    packages: ['pino'],
  },
  signal: {
    imports: ['base', 'system', 'word', 'sync', 'message', 'host', 'threading'],
    node: ['os', 'worker_threads', 'fs', 'vm', 'events'],
  },
  subprocess: {
    imports: ['base', 'system', 'word', 'sync', 'host', 'threading', 'signal'],
    node: [
      'buffer',
      'child_process',
      'events',
      'fs',
      'net',
      'os',
      'path',
      'stream',
      'string_decoder',
      'crypto',
      'util',
      'worker_threads',
      'async_hooks',
      'module',
      'tty',
      'url',
    ],
  },
  futures: {
    imports: ['base', 'system', 'word', 'sync', 'message', 'host', 'threading', 'queue'],
    node: ['async_hooks', 'os', 'util', 'tty', 'perf_hooks'],
  },
  multiprocessing: {
    imports: ['base', 'system', 'word', 'sync', 'message', 'host', 'threading', 'queue', 'logging', 'futures', 'signal'],
    node: ['buffer', 'child_process', 'crypto', 'fs', 'net', 'os', 'path', 'util', 'events', 'module', 'url', 'async_hooks'],
  },
  asyncio: {
    imports: ['base', 'word', 'sync', 'message', 'host', 'threading', 'queue', 'signal', 'subprocess', 'futures'],
    node: ['async_hooks', 'inspector', 'util', 'events', 'timers', 'stream', 'perf_hooks', 'worker_threads'],
  },
  recording: { imports: ['base', 'host'], node: ['fs', 'inspector', 'path', 'worker_threads'] },
  profile: {
    imports: ['base', 'system', 'word', 'sync', 'message', 'host', 'threading', 'futures', 'recording'],
    node: [
      'async_hooks',
      'fs',
      'inspector',
      'module',
      'os',
      'path',
      'url',
      'util',
      'v8',
      'worker_threads',
      'zlib',
      'perf_hooks',
      'net',
      'http',
      'child_process',
    ],
    packages: ['acorn'],
  },
  trace: { imports: ['base', 'recording'], node: ['fs', 'os', 'path', 'perf_hooks', 'util', 'worker_threads'] },
  slurm: {
    imports: ['base', 'word', 'message', 'host', 'queue', 'futures', 'subprocess', 'logging'],
    node: ['crypto', 'fs', 'net', 'os', 'path', 'tls', 'url', 'util', 'events'],
  },
  practical: {
    imports: [
      'base',
      'threading',
      'queue',
      'sched',
      'logging',
      'signal',
      'subprocess',
      'futures',
      'multiprocessing',
      'asyncio',
      'profile',
      'slurm',
    ],
    node: ['fs', 'http', 'net', 'os', 'path', 'url', 'util', 'timers/promises'],
  },
  cli: { imports: ['*'], node: ['*'] },
};

import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

/** Layers that hold source so far, from the bottom up. */
export function present() {
  const filled = (name) =>
    existsSync(`src/${name}`) && readdirSync(`src/${name}`, { recursive: true }).some((file) => String(file).endsWith('.ts'));
  return Object.keys(layers).filter(filled);
}

const json = (value) => `${JSON.stringify(value, null, 2)}\n`;

/** Writes the tsconfig of every layer, of the package's entry, of the tests, and the one that builds all. */
function write() {
  const names = present();
  const references = (of, prefix) => of.filter((name) => names.includes(name)).map((name) => ({ path: `${prefix}${name}` }));
  for (const name of names) {
    const below = layers[name].imports.includes('*') ? names.filter((other) => other !== name) : layers[name].imports;
    writeFileSync(
      `src/${name}/tsconfig.json`,
      json({ extends: '../../tsconfig.base.json', include: ['.'], references: references(below, '../') }),
    );
  }
  writeFileSync(
    'src/tsconfig.json',
    json({
      extends: '../tsconfig.base.json',
      files: ['index.ts'],
      references: references(
        names.filter((name) => name !== 'cli' && name !== 'practical'),
        './',
      ),
    }),
  );
  const everything = {
    extends: '../tsconfig.base.json',
    include: ['.'],
    references: [...references(names, '../src/'), { path: '../src' }],
  };
  // A test asks the benchmarks whether the documents show their results.
  writeFileSync('test/tsconfig.json', json({ ...everything, references: [...everything.references, { path: '../bench' }] }));
  writeFileSync('bench/tsconfig.json', json(everything));
  writeFileSync(
    'tsconfig.json',
    json({ files: [], references: [...references(names, './src/'), { path: './src' }, { path: './test' }, { path: './bench' }] }),
  );
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) write();
