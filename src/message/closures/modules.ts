import { createRequire, isBuiltin } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import vm from 'node:vm';
import { canBeImportedOnly, canRequireModules, loadNow, MustAwait, quietly } from '../require-module.ts';
import { loadedFrom, needsTsx, registerTsx } from './tsx-loader.ts';
import { registerTsNode, type TsNode } from './ts-node-loader.ts';
import type { Recipe } from './recipe.ts';

/*
 * The modules that a recipe names, loaded as if the import stood in the file it came from. `require` of an ES module
 * gives the instance that `import` gives, at once; a module with top-level await has to be awaited, and so has every module
 * where a loader has changed what `require` does.
 */
const loaded = new Map<string, unknown>();

const keyOf = (parent: string, specifier: string): string => `${parent}\0${specifier}`;
const toUrl = (place: string): string => (place.startsWith('/') ? pathToFileURL(place).href : place);

export function importSync(parent: string, specifier: string): unknown {
  const key = keyOf(parent, specifier);
  const known = loaded.get(key);
  if (known !== undefined) return known;
  const module = requireFrom(parent, specifier);
  loaded.set(key, module);
  return module;
}

function requireFrom(parent: string, specifier: string): unknown {
  const load = (): Promise<unknown> => importLater(parent, specifier, null);
  if ((!canRequireModules() || needsTsx(parent, specifier)) && !isBuiltin(specifier)) throw new MustAwait(specifier, load);
  const require = createRequire(parent === '' ? import.meta.url : toUrl(parent));
  try {
    const place = specifier.startsWith('file:') ? fileURLToPath(specifier.replace(/[?#].*$/, '')) : specifier;
    return loadNow(() => require(place) as unknown);
  } catch (cause) {
    if (canBeImportedOnly(cause)) throw new MustAwait(specifier, load, { cause });
    throw cause;
  }
}

/** A module that the sender has required: as such it is the same here, whatever a loader makes of those that are imported. */
export function requireSync(file: string, tsNode: TsNode | null): unknown {
  const key = keyOf('require', file);
  const known = loaded.get(key);
  if (known !== undefined) return known;
  if (tsNode !== null) registerTsNode(tsNode);
  const module = loadedFrom(file)?.exports ?? loadNow(() => createRequire(import.meta.url)(file) as unknown);
  loaded.set(key, module);
  return module;
}

type Import = (specifier: string, options?: { readonly with?: Readonly<Record<string, string>> }) => Promise<unknown>;
const importers = new Map<string, Import>();

/** `import()` as it resolves in `parent`. */
export function importerAt(parent: string): Import {
  let importer = importers.get(parent);
  if (importer === undefined) {
    const script = quietly(
      () =>
        new vm.Script('((specifier, options) => import(specifier, options))', {
          filename: toUrl(parent),
          importModuleDynamically: vm.constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
        }),
    );
    importers.set(parent, (importer = script.runInThisContext() as Import));
  }
  return importer;
}

let isQuiet = false;

/** Node warns of the experimental option behind `importerAt` when it is first used in a thread: that is done with here. */
export function quietImports(): void {
  if (isQuiet) return;
  isQuiet = true;
  const importer = importerAt(import.meta.url);
  void quietly(() => importer('node:path'));
}

/** Loads everything that a recipe imports. */
export async function loadModules(recipe: Recipe): Promise<void> {
  for (const node of recipe.nodes) {
    const [parent, specifier] = node[0] === 'import' ? [node[1], node[2]] : node[0] === 'export' ? ['', node[1]] : [null, null];
    if (parent === null || specifier === null || loaded.has(keyOf(parent, specifier))) continue;
    try {
      importSync(parent, specifier);
    } catch (error) {
      if (!(error instanceof MustAwait)) throw error;
      await importLater(parent, specifier, node[0] === 'import' ? node[4] : null);
    }
  }
}

type Attributes = Readonly<Record<string, string>> | null;

async function importLater(parent: string, specifier: string, attributes: Attributes): Promise<void> {
  if (needsTsx(parent, specifier)) await registerTsx();
  const importer = importerAt(parent === '' ? import.meta.url : parent);
  const imported = quietly(() => importer(specifier, attributes === null ? undefined : { with: attributes }));
  loaded.set(keyOf(parent, specifier), await imported);
}
