// Gathers the tables "Differences from Python" of the modules' documents into one: docs/differences.md. `npm run differences`, and before each build by
// `npm test`. What differs is written once, beside its module.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';

const docs = new URL('../docs/', import.meta.url);
const OUT = 'differences.md';

/** The rows of the table below this heading. */
function rowsOf(text) {
  const [, section] = /^## Differences from Python\n([^]*?)(?=^## |(?![^]))/m.exec(text) ?? [];
  if (section === undefined) return [];
  const rows = section.split('\n').filter((line) => line.startsWith('|'));
  return rows.slice(2);
}

/** The document, as it should be. */
export function differences() {
  const files = readdirSync(docs).filter((file) => file.endsWith('.md') && file !== OUT);
  const rows = files.toSorted().flatMap((file) => {
    const name = file.slice(0, -'.md'.length);
    return rowsOf(readFileSync(new URL(file, docs), 'utf8')).map((row) => `| [${name}](${file}) ${row}`);
  });
  return `# Differences from Python

All of them, gathered from the modules' documents by \`npm run differences\`. What holds everywhere: names are in camelCase; durations are milliseconds, in an
options object; what may wait returns a promise, and has a blocking twin that ends in \`Sync\`; \`with lock:\` is \`using held = await lock.acquire()\`.

| | Python | here |
|---|---|---|
${rows.join('\n')}
`;
}

if (process.argv[1] !== undefined && import.meta.url.endsWith(process.argv[1].split('/').at(-1)))
  writeFileSync(new URL(OUT, docs), differences());
