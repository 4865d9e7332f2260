import Module from 'node:module';
import type { FunctionCode } from './function-code.ts';
import type { NamedNode } from './by-name.ts';

/** What an import statement binds to a name that a function captures; `null` when it is another variable. */
export function importNode(
  name: string,
  scope: string,
  code: FunctionCode,
): Extract<NamedNode, readonly ['import' | 'builtin', ...unknown[]]> | null {
  const imported = scope === 'Module' ? code.script?.imports().get(name) : undefined;
  if (imported === undefined) return null;
  const { specifier } = imported;
  if (!Module.isBuiltin(specifier)) return ['import', code.url, specifier, imported.name, imported.attributes ?? null];
  return ['builtin', specifier.replace(/^node:/, ''), imported.name === '*' || imported.name === 'default' ? [] : [imported.name]];
}
