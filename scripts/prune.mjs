// Before the package is packed: removes what was built from files that are there no longer.
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const built = 'build/src';
const { exports } = JSON.parse(readFileSync('package.json', 'utf8'));
const entries = new Set(
  Object.values(exports).flatMap(({ require: entry }) => (entry === undefined ? [] : Object.values(entry).map((file) => join(file)))),
);
for (const file of readdirSync(built, { recursive: true }).map(String)) {
  if (/\.(?:cjs|d\.cts)$/.test(file) && file !== 'require-natively.cjs' && !entries.has(join(built, file))) rmSync(join(built, file));
  const name = /^(.+?)\.(?:js|d\.ts)(?:\.map)?$/.exec(file)?.[1];
  if (name !== undefined && !existsSync(join('src', `${name}.ts`))) rmSync(join(built, file));
}
