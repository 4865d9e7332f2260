import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

/*
 * Which CommonJS module an object is the exports of. A program may have hundreds of them, and each object that a function captures
 * is asked for. So it is remembered of an object that it is none, once no module is under way that could still
 * make it its exports; and for new objects the modules are listed anew only when there are others.
 */
const require = createRequire(import.meta.url);

const none = new WeakSet();
/** The modules that have been loaded, or are being, by the names under which they are kept. */
let files: readonly string[] = [];
let modules: readonly (NodeJS.Module | undefined)[] = [];

function listModules(): void {
  const now = Object.keys(require.cache);
  const last = now.at(-1) ?? '';
  // A module that is loaded anew comes to the end.
  if (now.length === files.length && last === files.at(-1) && require.cache[last] === modules.at(-1)) return;
  files = now;
  modules = now.map((file) => require.cache[file]);
}

/** The file of a CommonJS module with these exports, unless it is `main`, the URL of a module that is not loaded again. */
export function fileOfExports(value: object, main: string): string | null {
  if (none.has(value)) return null;
  let isSettled = true;
  listModules();
  for (const [i, module] of modules.entries()) {
    const file = files[i]!;
    if (module?.loaded === false) isSettled = false;
    else if (module?.exports === value && !file.endsWith('.json') && pathToFileURL(file).href !== main) return file;
  }
  if (isSettled) none.add(value);
  return null;
}
