// `npm run reference`: the API reference from the doc comments, by TypeDoc, as pages that need no network, in build/reference. Fails when something
// that is exported, or a public member of it, has no doc comment; with `--check` that is all it does. TypeDoc is installed when it is first
// needed, as its lock file says.
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

// A function's comment is on its signature, an accessor's on its getter, that of a type of functions on the function.
const isDescribed = (one) =>
  [one, one.getSignature, one.setSignature, ...(one.signatures ?? one.type?.declaration?.signatures ?? [])].some((part) =>
    part?.hasComment(),
  );
// What is inherited is described where it is declared; a constructor and an error's code by the class.
const isMember = (one) =>
  !one.inheritedFrom &&
  !one.implementationOf &&
  !one.flags.isProtected &&
  !one.flags.isExternal &&
  !one.name.startsWith('[') &&
  one.name !== 'code' &&
  !one.kindOf(ReflectionKind.Constructor);
const membersOf = (one) => (one.kindOf(ReflectionKind.ClassOrInterface) ? (one.children ?? []).filter(isMember) : []);
const placed = (one) => `${one.sources?.[0]?.fileName}:${one.sources?.[0]?.line}: ${one.getFullName()}`;

const missing = project.children.flatMap((module) =>
  module.children
    .filter((one) => !one.kindOf(ReflectionKind.Reference))
    .flatMap((one) => [one, ...membersOf(one)])
    .filter((one) => !isDescribed(one))
    .map(placed),
);
for (const one of new Set(missing)) console.error(`no doc comment: ${one}`);
if (!process.argv.includes('--check')) await app.generateOutputs(project);
console.log(`${project.children.length} modules, ${new Set(missing).size} exported names and members without a doc comment`);
process.exitCode = missing.length > 0 || app.logger.hasErrors() ? 1 : 0;
