import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { isMainThread } from 'node:worker_threads';

/*
 * A program that is run by tsx imports TypeScript, but on Node 20 tsx makes only the main thread able to. A thread that needs to import a
 * module in TypeScript makes itself able first: that takes some hundred milliseconds, and most threads never need it.
 */
/** From Node 22 on, the loaders of the main thread work in all threads. */
const LOADERS_ARE_SHARED = Number(process.versions.node.split('.')[0]) >= 22;
/** The end of a file name, or of a URL, of a module in TypeScript. */
export const TYPESCRIPT = /\.[cm]?tsx?(?:$|[?#])/;
let registered: Promise<void> | undefined;
let api: string | null | undefined;

/** Whether this import has to wait for `registerTsx`. */
export function needsTsx(parent: string, specifier: string): boolean {
  if (isMainThread || LOADERS_ARE_SHARED || ![parent, specifier].some((place) => TYPESCRIPT.test(place))) return false;
  if (api === undefined) api = findApi();
  return api !== null;
}

/** Afterwards this thread imports TypeScript as the main thread does. */
export function registerTsx(): Promise<void> {
  return (registered ??= register());
}

async function register(): Promise<void> {
  const { register: enable } = (await import(api!)) as { readonly register: () => unknown };
  enable();
}

/** The module of tsx that does it, if tsx is among Node's options. */
function findApi(): string | null {
  const options = [...process.execArgv, process.env['NODE_OPTIONS'] ?? ''].join(' ');
  if (!/\btsx\b/.test(options)) return null;
  const loader = /(?:file:\/\/)?\/\S*\btsx\b\S*\.[cm]?js/.exec(options)?.[0];
  for (const base of [loader, process.argv[1], resolve('program.js')]) {
    try {
      if (base === undefined) continue;
      const found = createRequire(base).resolve('tsx/esm/api');
      return pathToFileURL(found.replace(/index\.cjs$/, 'index.mjs')).href;
    } catch {
      // It is not installed there.
    }
  }
  return null;
}

const require = createRequire(import.meta.url);

/** The CommonJS module that this file is here. On Node 20 tsx loads one that is imported under the name of the text that it has made of it. */
export function loadedFrom(file: string): NodeJS.Module | undefined {
  const known = require.cache[file];
  if (known !== undefined || !TYPESCRIPT.test(file)) return known;
  const end = `?filePath=${encodeURIComponent(file)}`;
  return Object.entries(require.cache).find(([name]) => name.startsWith('data:') && name.endsWith(end))?.[1];
}

/** The file that tsx has made the script with this URL from. */
export function fileBehind(url: string): string | null {
  const file = /^data:text\/javascript,[^]*[?&]filePath=([^&]+)/.exec(url)?.[1];
  return file === undefined ? null : decodeURIComponent(file);
}
