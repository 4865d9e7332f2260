import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { beyondNode } from './beyond-node.ts';
import { UsageError } from './usage-error.ts';

const TYPESCRIPT = /\.[cm]?tsx?$/;

/** What `--import` loads before a program in TypeScript that Node can't run by itself; `null` where it can. */
export function tsxFor(program: string): string | null {
  return found(program, 'tsx');
}

/** The same for a thread that imports such a module: what to call `register` of. */
export function tsxInterfaces(module: string): string[] {
  const require = found(module, 'tsx/cjs/api');
  return require === null ? [] : [require, found(module, 'tsx/esm/api')!];
}

function found(program: string, name: string): string | null {
  if (!TYPESCRIPT.test(program)) return null;
  const { typescript } = process.features as { readonly typescript?: string | false };
  const why = typeof typescript === 'string' ? beyondNode(resolve(program)) : program;
  if (why === null) return null;
  const tsx = whereIsTsx(program, name);
  if (tsx !== null) return tsx;
  // What was found may be a false alarm: Node says itself what it can't run.
  if (typeof typescript === 'string') return null;
  throw new UsageError(
    `${program} is TypeScript, which Node ${process.versions.node} does not run by itself: install tsx (npm install --save-dev tsx), or use Node 22.18 or later`,
  );
}

/** The program's own, or the one that this package brings. */
function whereIsTsx(program: string, name: string): string | null {
  for (const from of [join(dirname(resolve(program)), 'package.json'), join(process.cwd(), 'package.json'), import.meta.url]) {
    try {
      return pathToFileURL(
        createRequire(from)
          .resolve(name)
          .replace(/index\.cjs$/, 'index.mjs'),
      ).href;
    } catch {
      // Not there: the next place.
    }
  }
  return null;
}
