// `npm run reference`: the API reference from the doc comments, by TypeDoc, as pages that need no network, in build/reference. Fails when something
// that is exported has no doc comment; with `--check` that is all it does. TypeDoc is installed when it is first needed, as its lock file says.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';

const folder = fileURLToPath(new URL('./reference/', import.meta.url));
const lock = createHash('sha256')
  .update(readFileSync(`${folder}package-lock.json`))
  .digest('hex');
const stamp = `${folder}node_modules/.lock`;
if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== lock) {
  execFileSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: folder, stdio: 'inherit' });
  writeFileSync(stamp, lock);
}
const { Application, ReflectionKind } = await import(pathToFileURL(createRequire(folder).resolve('typedoc')).href);

const { exports } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
// The package itself gathers the modules: each is described once, under its own name.
const entryPoints = Object.keys(exports)
  .filter((name) => existsSync(`src/${name}/index.ts`) && name !== '.')
  .map((name) => fileURLToPath(new URL(`../src/${name}/index.ts`, import.meta.url)));
const app = await Application.bootstrapWithPlugins({ options: folder, entryPoints });
const project = await app.convert();
if (project === undefined) throw new Error('TypeDoc could not read the sources');

const missing = project.children.flatMap((module) =>
  module.children
    .filter((one) => !one.kindOf(ReflectionKind.Reference))
    .filter(
      (one) =>
        !one.hasComment() && !(one.signatures ?? one.type?.declaration?.signatures ?? []).some((signature) => signature.hasComment()),
    )
    .map((one) => `${one.sources?.[0]?.fileName}:${one.sources?.[0]?.line}: ${module.name}.${one.name}`),
);
for (const one of new Set(missing)) console.error(`no doc comment: ${one}`);
if (!process.argv.includes('--check')) await app.generateOutputs(project);
console.log(`${project.children.length} modules, ${new Set(missing).size} exported names without a doc comment`);
process.exitCode = missing.length > 0 || app.logger.hasErrors() ? 1 : 0;
