import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Machine } from './machine.ts';
import { sources } from './outside.ts';
import type { SuiteResult } from './results.ts';
import { lossesOf, tableOf } from './table.ts';

const file = join(sources, '../docs/benchmarks.md');

/** Puts a result into the document, in the place of the one before. */
export function writeIntoDocument(result: SuiteResult): void {
  const [start, end] = [`<!-- ${result.name} -->`, `<!-- end of ${result.name} -->`];
  const text = readFileSync(file, 'utf8');
  const from = text.indexOf(start);
  const to = text.indexOf(end);
  if (from < 0 || to < from) throw new Error(`docs/benchmarks.md has no place for ${result.name}: it needs the lines ${start} and ${end}`);
  writeFileSync(file, `${text.slice(0, from + start.length)}\n\n${section(result)}\n\n${text.slice(to)}`);
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
