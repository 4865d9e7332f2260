import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { after } from '../support/test.ts';

export const repository = fileURLToPath(new URL('../../../', import.meta.url));

interface Target {
  readonly types: string;
  readonly default: string;
}
interface Manifest {
  readonly bin: { readonly manycore: string };
  readonly dependencies: Readonly<Record<string, string>>;
  readonly exports: Readonly<Record<string, string | { readonly require: Target; readonly default: Target }>>;
}
export const manifest = JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8')) as Manifest;

interface Packed {
  readonly filename: string;
  readonly size: number;
  readonly files: readonly { readonly path: string }[];
}

/** An empty project with the packed package in it, as npm would unpack it. No network is asked: the dependencies are linked. */
export const project = mkdtempSync(join(tmpdir(), 'manycore-package-'));
after(() => rmSync(project, { recursive: true }));

const npm = ['pack', '--json', '--silent', '--pack-destination', project];
export const [packed] = JSON.parse(
  execFileSync('npm', npm, { cwd: repository, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }),
) as [Packed];
export const tarball = join(project, packed.filename);
const modules = join(project, 'node_modules');
export const installed = join(modules, 'manycore');

mkdirSync(installed, { recursive: true });
execFileSync('tar', ['-xzf', tarball, '-C', installed, '--strip-components=1']);
for (const name of [...Object.keys(manifest.dependencies), '@types/node', 'undici-types', 'typescript', 'tsx']) {
  mkdirSync(join(modules, name, '..'), { recursive: true });
  symlinkSync(join(repository, 'node_modules', name), join(modules, name));
}
// As npm links the commands of a package.
mkdirSync(join(modules, '.bin'));
symlinkSync(join('../manycore', manifest.bin.manycore), join(modules, '.bin/manycore'));
chmodSync(join(installed, manifest.bin.manycore), 0o755);
writeFileSync(join(project, 'package.json'), JSON.stringify({ name: 'project', private: true, type: 'module' }));

/** Writes a file of the project. */
export function write(name: string, text: string): void {
  writeFileSync(join(project, name), text);
}

/** Writes a file of the project and runs it with Node; what it prints. */
export function run(name: string, text: string, ...options: string[]): string {
  write(name, text);
  const { stdout, stderr, status } = spawnSync(process.execPath, [...options, name], { cwd: project, encoding: 'utf8', timeout: 50_000 });
  if (status !== 0 || stderr !== '') throw new Error(`${name} ended with ${status}\n${stdout}\n${stderr}`);
  return stdout;
}

interface Ran {
  readonly stdout: string;
  readonly stderr: string;
  readonly status: number | null;
}

/** With this Node as the one that is found first. */
const env = { ...process.env, PATH: `${dirname(process.execPath)}${delimiter}${process.env['PATH']}` };

/** The package's command, by the link that npm makes. */
export const manycore = (...args: string[]): Ran =>
  spawnSync(join(modules, '.bin/manycore'), args, { cwd: project, env, encoding: 'utf8', timeout: 50_000 });
/** The same as one types it. */
export const npx = (...args: string[]): Ran =>
  spawnSync('npx', ['--no', '--', 'manycore', ...args], { cwd: project, env, encoding: 'utf8', timeout: 50_000 });
