import { existsSync, readFileSync } from 'node:fs';
import * as nodeModule from 'node:module';
import { dirname, join } from 'node:path';
import { parse, tokenizer, type Node as Syntax } from 'acorn';
import { localFile } from './map/source-files.ts';

/*
 * Node takes the types out of TypeScript and changes nothing else. What a program asks beyond that, tsx does: decorators, enums and other syntax that is
 * more than types, `using` on Node 22, imports of types that are not marked as such, names of files without their ends, paths of a
 * tsconfig.json, JSON without an attribute. Where Node suffices it is left alone: each thread begins sooner.
 */
const TYPESCRIPT = /\.[cm]?tsx?$/;
const HAS_USING = Number(process.versions.node.split('.')[0]) >= 24;

type Strip = (code: string) => string;

/** What in a program, or in a file of its own that it imports, Node can't run by itself; `null` when there is nothing. */
export function beyondNode(program: string): string | null {
  const seen = new Set<string>();
  const open = [program];
  for (let file = open.pop(); file !== undefined; file = open.pop()) {
    if (seen.has(file)) continue;
    seen.add(file);
    if (!TYPESCRIPT.test(file)) continue;
    const found = inFile(file, open);
    if (found !== null) return `${file}: ${found}`;
  }
  return null;
}

function inFile(file: string, open: string[]): string | null {
  if (file.endsWith('x')) return 'JSX';
  let text: string;
  let statements: readonly Statement[];
  try {
    text = stripped(readFileSync(file, 'utf8'));
    statements = (parse(text, { ecmaVersion: 'latest', sourceType: 'module', allowHashBang: true }) as unknown as { body: Statement[] })
      .body;
  } catch (error) {
    return `syntax that is more than types (${(error as Error).message.split('\n')[0]})`;
  }
  if (!HAS_USING && /\busing\s+[\w$]+\s*=/.test(text)) return '`using`';
  const uses = namesIn(text);
  for (const { source, specifiers = [], attributes = [] } of statements) {
    if (source === undefined || source === null) continue;
    const { value: specifier } = source;
    for (const { local } of specifiers)
      if (local !== undefined && 'name' in local && uses.get(local.name) === 1) return `the import of ${local.name}, which may be a type`;
    if (specifier.endsWith('.json') && attributes.length === 0) return `the import of ${specifier} without an attribute`;
    if (specifier.startsWith('.')) {
      const target = localFile(specifier, file);
      if (target === null) continue;
      if (!target.endsWith(specifier.replace(/^(?:\.{1,2}\/)+/, '').replace(/[?#].*$/, '')))
        return `the import of ${specifier}, which is ${target}`;
      open.push(target);
    } else if (isNowhere(specifier, file)) return `the import of ${specifier}, a path of tsconfig.json`;
  }
  return null;
}

interface Statement extends Syntax {
  readonly source?: { readonly value: string } | null;
  readonly specifiers?: readonly { readonly local?: { readonly name: string } }[];
  readonly attributes?: readonly unknown[];
}

function stripped(text: string): string {
  const { stripTypeScriptTypes } = nodeModule as unknown as { readonly stripTypeScriptTypes: Strip };
  // It warns that it is experimental; that concerns us, not the user.
  const { emitWarning } = process;
  process.emitWarning = () => {};
  try {
    return stripTypeScriptTypes(text);
  } finally {
    process.emitWarning = emitWarning;
  }
}

/** How often each name stands in a text. */
function namesIn(text: string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { start, end, type } of tokenizer(text, { ecmaVersion: 'latest', sourceType: 'module', allowHashBang: true })) {
    const name = text.slice(start, end);
    if (type.label === 'name') counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return counts;
}

function isNowhere(specifier: string, file: string): boolean {
  if (specifier.startsWith('#') || nodeModule.isBuiltin(specifier) || !hasPaths(dirname(file))) return false;
  try {
    nodeModule.createRequire(file).resolve(specifier);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'MODULE_NOT_FOUND';
  }
}

function hasPaths(folder: string): boolean {
  const config = join(folder, 'tsconfig.json');
  if (existsSync(config)) return /"(?:paths|baseUrl|extends)"/.test(readFileSync(config, 'utf8'));
  return dirname(folder) !== folder && hasPaths(dirname(folder));
}
