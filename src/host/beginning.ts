import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { StateError } from '../base/errors.ts';

/**
 * The file of a module of ours that a thread or a process begins with. `StateError` where it is not there: a bundler has made the package a part of the program.
 */
export function beginning(address: URL): string {
  const file = fileURLToPath(address);
  if (existsSync(file)) return file;
  throw new StateError(
    'ERR_BUNDLED',
    `cannot start a thread or a process: ${file} is not there. They begin with files of manycore, which has become a part of this bundle: ` +
      'leave it out (esbuild: --external:manycore; webpack, rollup, vite: external) and install it beside',
  );
}
