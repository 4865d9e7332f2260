// Renders a tree of Markdown files to HTML, by the package marked, and counts what came out.
//   npx manycore run examples/markdown.ts [folder]
import { readFileSync } from 'node:fs';
import { ThreadPoolExecutor } from 'manycore/futures';
import { marked } from 'marked';
import { filesBelow } from './files.ts';
import { compare } from './speed-up.ts';

const folder = process.argv[2] ?? 'node_modules';
const files =
  folder === 'node_modules' ? filesBelow('node_modules/@types', '.md').concat(filesBelow('docs', '.md')) : filesBelow(folder, '.md');

/** Renders one file; the HTML of a small site is rendered some times over, so that there is something to measure. */
function render(file: string): number {
  const text = readFileSync(file, 'utf8');
  let characters = 0;
  for (let i = 0; i < 60; i++) characters += (marked.parse(text) as string).length;
  return characters;
}

const pool = new ThreadPoolExecutor();
await pool.map(render, files.slice(0, 4), { chunkSize: 1 }).toArray(); // The threads start, and load marked.
const sizes = await compare(
  `${files.length} Markdown files`,
  () => files.map(render),
  () => pool.map(render, files, { progress: { title: 'rendering' } }).toArray(),
);
console.log(`${sizes.reduce((sum, size) => sum + size, 0)} characters of HTML`);
await pool.shutdown();
