// Before the package is packed: removes what was built from files that are there no longer.
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const built = 'build/src';
const { exports } = JSON.parse(readFileSync('package.json', 'utf8'));
const entries = new Set(Object.keys(exports).map((name) => join(name, 'index')));
for (const file of readdirSync(built, { recursive: true }).map(String)) {
  const entry = /^(.+)\.(?:cjs|d\.cts)$/.exec(file)?.[1];
  if (entry !== undefined && entry !== 'require-natively' && !entries.has(entry)) rmSync(join(built, file));
  const name = /^(.+?)\.(?:js|d\.ts)(?:\.map)?$/.exec(file)?.[1];
  if (name !== undefined && !existsSync(join('src', `${name}.ts`))) rmSync(join(built, file));
}
