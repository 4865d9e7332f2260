// Before the package is packed: removes what was built from files that are there no longer.
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const built = 'build/src';
for (const file of readdirSync(built, { recursive: true }).map(String)) {
  const name = /^(.+?)\.(?:js|d\.ts)(?:\.map)?$/.exec(file)?.[1];
  if (name !== undefined && !existsSync(join('src', `${name}.ts`))) rmSync(join(built, file));
}
