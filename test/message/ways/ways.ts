import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { type BuildOptions, buildSync } from 'esbuild';
import { after } from '../../support/test.ts';

/** How a program is run. */
export interface Way {
  readonly name: string;
  readonly args: () => string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Why it can't be tried on this Node. */
  readonly unavailable?: () => string | undefined;
  /** Outcomes that are right here though they are not elsewhere. */
  readonly differences?: readonly string[];
}

const require = createRequire(import.meta.url);
const compiled = fileURLToPath(new URL('main.js', import.meta.url));
const package_ = fileURLToPath(new URL('../../../../', import.meta.url));
const written = join(package_, 'test/message/ways');
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);

/** A project beside which the package is installed. */
const project = mkdtempSync(join(tmpdir(), 'manycore-ways-'));
mkdirSync(join(project, 'node_modules'));
symlinkSync(package_, join(project, 'node_modules', 'manycore'));
after(() => rmSync(project, { recursive: true }));

const tsc = join(dirname(require.resolve('typescript/package.json')), 'bin', 'tsc');

function compileTo(folder: string, type: 'module' | 'commonjs', ...options: string[]): string {
  const out = join(project, folder);
  mkdirSync(out);
  writeFileSync(join(out, 'package.json'), JSON.stringify({ type }));
  const sources = ['main', 'travels', 'refused', 'far', 'library'].map((name) => join(written, `${name}.ts`));
  execFileSync(
    process.execPath,
    [
      tsc,
      '--ignoreConfig',
      '--noCheck',
      '--rewriteRelativeImportExtensions',
      '--rootDir',
      written,
      '--types',
      'node',
      '--sourceMap',
      '--outDir',
      out,
      ...options,
      ...sources,
    ],
    { stdio: 'inherit' },
  );
  return join(out, 'main.js');
}

function bundle(name: string, options: BuildOptions): string {
  const outfile = join(project, name);
  buildSync({ bundle: true, platform: 'node', packages: 'external', entryPoints: [join(written, 'main.ts')], outfile, ...options });
  return outfile;
}

/** A class in a bundle can't be imported, so it goes by value, and its private state with it. */
const BUNDLED = ['"travelled: 5"'];

const stripping = (): string | undefined => {
  if (major > 22 || (major === 22 && minor >= 18)) return undefined;
  return `Node ${process.versions.node} does not strip types`;
};

export const ways: readonly Way[] = [
  { name: 'compiled by tsc', args: () => [compiled] },
  { name: 'compiled by tsc to CommonJS', args: () => [compileTo('commonjs', 'commonjs', '--module', 'commonjs', '--target', 'es2022')] },
  {
    name: 'compiled by tsc for ES2017',
    args: () => [compileTo('es2017', 'module', '--module', 'node16', '--target', 'es2017')],
    // Private members are WeakMaps then, which a function may capture.
    differences: ['"travelled: function"'],
  },
  { name: 'run by tsx', args: () => ['--import', pathToFileURL(require.resolve('tsx')).href, join(written, 'main.ts')] },
  { name: "Node's type stripping", args: () => [join(written, 'main.ts')], unavailable: stripping },
  { name: 'an esbuild bundle', args: () => [bundle('bundle.mjs', { format: 'esm' })], differences: BUNDLED },
  { name: 'an esbuild bundle in CommonJS', args: () => [bundle('bundle.cjs', { format: 'cjs' })], differences: BUNDLED },
  {
    name: 'an esbuild bundle, minified, with names kept',
    args: () => [bundle('small.mjs', { format: 'esm', minify: true, keepNames: true })],
    // The minifier makes a `let` of each `const`, and Node 20 shows one that is not initialised as undefined.
    differences: major < 22 ? [...BUNDLED, '"travelled: undefined"'] : BUNDLED,
  },
  { name: 'inside a worker', args: () => [compiled], env: { IN_WORKER: '1' } },
  { name: 'with a debugger', args: () => ['--inspect=0', compiled] },
  { name: 'with source maps', args: () => ['--enable-source-maps', compiled] },
  { name: 'under coverage', args: () => [compiled], env: { NODE_V8_COVERAGE: join(project, 'coverage') } },
];
