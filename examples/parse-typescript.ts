// Parses every TypeScript file below a folder, by the package @lezer/javascript, and counts functions, classes and errors.
//   npx manycore run examples/parse-typescript.ts [folder]
import { readFileSync } from 'node:fs';
import { parser } from '@lezer/javascript';
import { ThreadPoolExecutor } from 'manycore/futures';
import { filesBelow } from './files.ts';
import { compare } from './speed-up.ts';

const files = filesBelow(process.argv[2] ?? 'src', '.ts');

interface Counts {
  readonly functions: number;
  readonly classes: number;
  readonly errors: number;
}

function count(file: string): Counts {
  const tree = parser.configure({ dialect: 'ts' }).parse(readFileSync(file, 'utf8'));
  const counts = { functions: 0, classes: 0, errors: 0 };
  tree.iterate({
    enter: ({ name, type }) => {
      if (/^(FunctionDeclaration|FunctionExpression|ArrowFunction|MethodDeclaration)$/.test(name)) counts.functions++;
      else if (name === 'ClassDeclaration') counts.classes++;
      else if (type.isError) counts.errors++;
    },
  });
  return counts;
}

const pool = new ThreadPoolExecutor();
await pool.map(count, files.slice(0, 4), { chunkSize: 1 }).toArray(); // The threads start, and load the parser.
const all = await compare(
  `${files.length} TypeScript files`,
  () => files.map(count),
  () => pool.map(count, files).toArray(),
);
const sum = (key: keyof Counts): number => all.reduce((total, counts) => total + counts[key], 0);
console.log(`${sum('functions')} functions, ${sum('classes')} classes, ${sum('errors')} places that could not be parsed`);
await pool.shutdown();
