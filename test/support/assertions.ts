import { readdirSync, readFileSync } from 'node:fs';

/*
 * The behaviours of Python's modules that tests of ours name, by id, in brackets at the end of a test's name.
 * `test/conformance/ids.json` says in one line what each of them is, and which groups of them are complete.
 */
interface Conformance {
  /** Groups, by their three letters, of which every id has to be named by a test. */
  readonly complete: readonly string[];
  readonly ids: Readonly<Record<string, string>>;
}

const root = new URL('../../../test/', import.meta.url);

export const conformance: Conformance = JSON.parse(readFileSync(new URL('conformance/ids.json', root), 'utf8')) as Conformance;

/** The ids that the names of tests hold, each with the files that name it. */
export function namedIds(): Map<string, string[]> {
  const named = new Map<string, string[]>();
  for (const file of readdirSync(root, { recursive: true, encoding: 'utf8' })) {
    if (!file.endsWith('.ts') || file.startsWith('support/')) continue;
    const text = readFileSync(new URL(file, root), 'utf8');
    for (const [brackets] of text.matchAll(/\[[A-Z]{3}-\d+(?:,? [A-Z]{3}-\d+)*\](?=['"`]| \[)/g)) {
      for (const id of brackets.slice(1, -1).split(/,? /)) named.set(id, [...(named.get(id) ?? []), file]);
    }
  }
  return named;
}
