import { existsSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { tsxInterfaces } from '../typescript.ts';
import { UsageError } from '../usage-error.ts';
import type { Target } from './work.ts';

/** `./hash.ts#sha256`: the export `sha256` of that file; without `#`, its default export. */
export function targetOf(word: string | undefined): Target & { readonly file: string } {
  if (word === undefined) throw new UsageError("map needs a function: manycore map ./hash.ts#sha256 --over 'src/**/*.ts'");
  const at = word.lastIndexOf('#');
  const [path, name] = at < 0 ? [word, 'default'] : [word.slice(0, at), word.slice(at + 1) || 'default'];
  const file = resolve(path);
  if (!existsSync(file) || !statSync(file).isFile()) throw new UsageError(`there is no file ${file} to take ${name} from`);
  return { file, url: pathToFileURL(file).href, name, tsx: tsxInterfaces(file) };
}
