import { fileURLToPath } from 'node:url';

const HERE = new URL('../', import.meta.url);
const ROOT = new URL('../../', HERE);
/** The package's own code, as it runs and as it was written; its examples are programs like any other. */
const FOLDERS = [fileURLToPath(HERE), fileURLToPath(new URL('src/', ROOT))];

/** tsx, and what it compiles with: makes JavaScript of the program while it is loaded. */
export const isLoader = (file: string): boolean => /\/node_modules\/(?:tsx|esbuild|@esbuild\/[^/]+)\//.test(file);

/** Whether a file is inside Node, this package or the loader: not a part of the program that is profiled. */
export function isInternal(file: string): boolean {
  if (file.startsWith('node:internal/') || isLoader(file)) return true;
  const path = file.startsWith('file:') ? fileURLToPath(file) : file;
  return FOLDERS.some((folder) => path.startsWith(folder) && !path.startsWith(`${folder}practical/`));
}
