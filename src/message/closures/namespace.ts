import { pathToFileURL } from 'node:url';
import { requireModule } from '../require-module.ts';
import { fileOfExports } from './file-of-exports.ts';
import { placeInBuiltins } from './intrinsics.ts';
import { asUrl, mainModule, readVariable } from './references-to.ts';
import { Script } from './script.ts';

/*
 * Which module a namespace object is of: what `import * as all` binds is known by its import, but not what `await import()` gave, or
 * what a test runner did in its stead.
 */
export type Namespace = Readonly<Record<string, unknown>>;

const urls = new WeakMap<object, string | null>();

/** What imports the module again; null when that can't be told, or must not be, for it is the program's main module. */
export function urlOfNamespace(namespace: Namespace): string | null {
  let url = urls.get(namespace);
  if (url === undefined) urls.set(namespace, (url = urlByDefault(namespace) ?? urlByFunctions(namespace)));
  return url;
}

/** One of Node's modules, and one of CommonJS, has what it exports as its default. */
function urlByDefault(namespace: Namespace): string | null {
  const exports = readVariable(namespace, 'default');
  if ((typeof exports !== 'object' && typeof exports !== 'function') || exports === null) return null;
  const isWhole = Object.keys(namespace).every(
    (name) => name === 'default' || name === 'module.exports' || readVariable(namespace, name) === (exports as Namespace)[name],
  );
  if (!isWhole) return null;
  const place = placeInBuiltins(exports);
  if (place?.path.length === 0) return `node:${place.module}`;
  const file = fileOfExports(exports, mainModule());
  return file === null ? null : pathToFileURL(file).href;
}

/** The module that one of its functions was written in, if that exports just this. */
function urlByFunctions(namespace: Namespace): string | null {
  const asked = new Set<Script>();
  for (const name of Object.keys(namespace)) {
    const value = readVariable(namespace, name);
    const script = typeof value === 'function' ? Script.of(value) : null;
    if (script === null || asked.has(script)) continue;
    asked.add(script);
    const url = asUrl(script.url);
    if (url.startsWith('file:') && !/[?#]/.test(url) && url !== mainModule() && isNamespaceOf(namespace, script, url)) return url;
  }
  return null;
}

function isNamespaceOf(namespace: Namespace, script: Script, url: string): boolean {
  const names = Object.keys(namespace);
  try {
    // It is loaded, so to require it runs nothing. What that gives of a module with a default is a namespace with one name more.
    const same = requireModule(url) as Namespace;
    return (
      Object.keys(same).every((name) => name === '__esModule' || name in namespace) &&
      names.every((name) => readVariable(same, name) === readVariable(namespace, name))
    );
  } catch {
    // It awaits at its top level, or a loader gives another instance to `require`.
  }
  const exported = script.exports();
  return exported.length === names.length && exported.every(({ name }) => name in namespace);
}
