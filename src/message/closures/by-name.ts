import { types } from 'node:util';
import { SendError } from '../send-error.ts';
import { follow } from './intrinsics.ts';
import { importSync, requireSync } from './modules.ts';
import type { RecipeNode, Step } from './recipe.ts';

/** What every thread has, or can load, under a name. */
export type NamedNode = Extract<RecipeNode, readonly ['global' | 'builtin' | 'import' | 'export' | 'require', ...unknown[]]>;

/** What this thread has under a name. Throws `MustAwait` when its module has to be awaited. */
export function valueByName(node: NamedNode): unknown {
  switch (node[0]) {
    case 'global':
      return follow(globalThis, node[1]);
    case 'builtin':
      return builtin(node[1], node[2]);
    case 'import': {
      const module = importSync(node[1], node[2]) as Record<string, unknown>;
      return node[3] === '*' ? namespaceOf(module) : importedName(module, node[3]);
    }
    case 'export':
      return exported(node[1], node[2], node[3]);
    case 'require':
      return follow(requireSync(node[1], node[3]), node[2]);
  }
}

/** The same again and again. What a module exports may be another thing the next time, but is looked at closely only then. */
export function findByName(node: NamedNode): () => unknown {
  if (node[0] !== 'export') return () => valueByName(node);
  const [, url, path, length] = node;
  let module: unknown;
  let last: unknown;
  return () => {
    const value = module === undefined ? undefined : follow(module, path);
    if (value !== undefined && value === last) return value;
    last = exported(url, path, length);
    module = importSync('', url);
    return last;
  };
}

function builtin(module: string, path: readonly Step[]): unknown {
  const exports = process.getBuiltinModule(module) as unknown;
  const value = follow(exports, path);
  return value === undefined && path[0] === 'default' ? exports : value;
}

/** What an import of this name binds: a CommonJS module's exports are its default. */
function importedName(module: Record<string, unknown>, name: string): unknown {
  if (name in module) return module[name];
  return name === 'default' ? module : namespaceOf(module)[name];
}

/** What `import * as` binds of a module that `require` gave. */
function namespaceOf(module: Record<string, unknown>): Record<string, unknown> {
  if ((typeof module !== 'object' && typeof module !== 'function') || module === null) return { default: module };
  if (!types.isModuleNamespaceObject(module) && !('__esModule' in module)) return namespaceWith(module);
  // Where a loader has not told what names a CommonJS module exports that was compiled from an ES module, they are in its default.
  const exports = module['default'] as Record<string, unknown> | null | undefined;
  const isBare = Object.keys(module).every((name) => name === 'default' || name === 'module.exports');
  return isBare && typeof exports === 'object' && exports !== null && '__esModule' in exports ? exports : module;
}

const namespaces = new WeakMap<object, Record<string, unknown>>();

/** The namespace that `import` makes of the exports of one of Node's modules, or of one of CommonJS. */
function namespaceWith(exports: Record<string, unknown>): Record<string, unknown> {
  let namespace = namespaces.get(exports);
  if (namespace === undefined) {
    namespace = Object.assign(Object.create(null) as Record<string, unknown>, exports, { default: exports });
    namespaces.set(exports, Object.freeze(namespace));
  }
  return namespace;
}

function exported(url: string, path: readonly string[], length: number): unknown {
  const value = follow(importSync('', url), path);
  const name = path.join('.');
  if (typeof value !== 'function') throw new SendError('E_REF_MISSING', `${url} exports no function ${name} in this thread`);
  if (Function.prototype.toString.call(value).length !== length) {
    throw new SendError('E_REF_MISMATCH', `${name} of ${url} is another function in this thread than where it was sent from`);
  }
  return value;
}
