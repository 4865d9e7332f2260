import { readdirSync, readFileSync } from 'node:fs';

/** A program in a document or in a doc comment. */
export interface Example {
  /** Where its text begins: `docs/threading.md:12`. */
  readonly place: string;
  readonly file: string;
  readonly line: number;
  readonly language: 'ts' | 'js';
  readonly text: string;
  /** Why it is compiled only; `null`: it runs. */
  readonly noRun: string | null;
}

const FENCE = /^```(?<language>ts|js)(?: +no-run(?<reason>.*))?$/;

/** The programs of a text: its ```ts and ```js blocks. A block that does not run says why: ```ts no-run: it needs a cluster. */
export function examplesIn(file: string, text: string): Example[] {
  const lines = text.split('\n');
  const found: Example[] = [];
  for (let at = 0; at < lines.length; at++) {
    const fence = FENCE.exec(lines[at]!.trim())?.groups;
    if (fence === undefined) continue;
    const end = lines.findIndex((line, i) => i > at && line.trim() === '```');
    if (end < 0) throw new Error(`${file}:${at + 1}: the block does not end`);
    const reason = fence['reason']?.replace(/^[:\s(]+|[)\s]+$/g, '');
    if (reason === '') throw new Error(`${file}:${at + 1}: a block that does not run must say why: \`\`\`ts no-run: it needs a cluster`);
    found.push({
      place: `${file}:${at + 1}`,
      file,
      line: at + 1,
      language: fence['language'] as 'ts' | 'js',
      text: lines.slice(at + 1, end).join('\n'),
      noRun: reason ?? null,
    });
    at = end;
  }
  return found;
}

/** The examples of doc comments, each on its own lines. */
export function examplesInComments(file: string, source: string): Example[] {
  // Whatever is no comment becomes an empty line, so that the numbers of the lines stay.
  let isComment = false;
  const text = source.split('\n').map((line) => {
    if (/^\s*\/\*\*/.test(line)) isComment = true;
    const kept = isComment ? line.replace(/^\s*\*? ?/, '') : '';
    if (line.includes('*/')) isComment = false;
    return kept;
  });
  return examplesIn(file, text.join('\n'));
}

/** What an example says that it prints, line by line: its comments `//=> text`. */
export function promised({ text }: Example): string[] {
  return [...text.matchAll(/\/\/=> ?(.*)$/gm)].map((match) => match[1]!.trimEnd());
}

/** The first promised line that does not come in the output after the one before it; `null` when all come. */
export function missing(example: Example, output: string): string | null {
  const lines = output.split('\n').map((line) => line.trimEnd());
  let from = 0;
  for (const line of promised(example)) {
    const at = lines.indexOf(line, from);
    if (at < 0) return line;
    from = at + 1;
  }
  return null;
}

function filesIn(root: URL, folder: string, ending: string): string[] {
  return readdirSync(new URL(folder, root), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith(ending))
    .map((file) => `${folder}${file}`)
    .toSorted();
}

/** What there is to read, as paths below `root`. */
export function documents(root: URL): string[] {
  return ['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md', 'CHANGELOG.md', ...filesIn(root, 'docs/', '.md')];
}

/** All examples of the package. */
export function allExamples(root: URL): Example[] {
  const read = (file: string): string => readFileSync(new URL(file, root), 'utf8');
  return [
    ...documents(root).flatMap((file) => examplesIn(file, read(file))),
    ...filesIn(root, 'src/', '.ts').flatMap((file) => examplesInComments(file, read(file))),
  ];
}
