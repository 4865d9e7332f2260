import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Machine } from './machine.ts';
import { sources } from './outside.ts';
import type { SuiteResult } from './results.ts';
import { costsOf, summaryOf } from './summary.ts';
import { lossesOf, tableOf } from './table.ts';

const document = (name: string): string => join(sources, '..', name);

/** Puts a result into docs/benchmarks.md, and what follows from all results into README and docs/choosing.md. */
export function writeIntoDocuments(results: readonly SuiteResult[], all: readonly SuiteResult[]): void {
  for (const result of results) replace('docs/benchmarks.md', result.name, section(result));
  replace('README.md', 'measured', summaryOf(all));
  const cost = all.find(({ name }) => name === 'cost');
  if (cost !== undefined) replace('docs/choosing.md', 'costs', costsOf(cost));
}

/** What a document has between the marks of this name. */
export function placeIn(file: string, name: string): { readonly before: string; readonly here: string; readonly after: string } {
  const [start, end] = [`<!-- ${name} -->`, `<!-- end of ${name} -->`];
  const text = readFileSync(document(file), 'utf8');
  const from = text.indexOf(start);
  const to = text.indexOf(end);
  if (from < 0 || to < from) throw new Error(`${file} has no place for ${name}: it needs the lines ${start} and ${end}`);
  return { before: text.slice(0, from + start.length), here: text.slice(from + start.length, to).trim(), after: text.slice(to) };
}

function replace(file: string, name: string, what: string): void {
  const { before, after } = placeIn(file, name);
  writeFileSync(document(file), `${before}\n\n${what}\n\n${after}`);
}

export function section(result: SuiteResult): string {
  const losses = lossesOf(result);
  return [
    `### ${result.name}`,
    result.about,
    conditions(result),
    tableOf(result),
    losses.length === 0 ? 'Lost or missed: nothing.' : `Lost or missed:\n\n${losses.map((loss) => `- ${loss}`).join('\n')}`,
  ].join('\n\n');
}

export function conditions({ machine, rounds, quick, load }: SuiteResult): string {
  const { date, cpu, cores, memoryGb, system } = machine;
  return `${date}, ${cpu}, ${cores} cores, ${memoryGb} GB, ${system}; ${versions(machine)}; ${rounds} rounds${quick ? ' (quick)' : ''}, load average ${load[0]} before and ${load[1]} after.`;
}

function versions({ versions }: Machine): string {
  return Object.entries(versions)
    .map(([name, version]) => (version === null ? `no ${name}` : `${name} ${version}`))
    .join(', ');
}
