/*
 * `npm run bench [suite …]`: measures ours beside the others, side by side in one run. docs/benchmarks.md says how to read it.
 */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { writeFileSync } from 'node:fs';
import { conditions, writeIntoDocuments } from './harness/document.ts';
import { describeMachine } from './harness/machine.ts';
import { measureSuite } from './harness/measure.ts';
import { installPeers } from './harness/peers.ts';
import { pageOf } from './harness/page.ts';
import { savedResults, saveResult } from './harness/results.ts';
import { lossesOf, tableOf } from './harness/table.ts';
import { loadSuite, suites } from './suites/index.ts';

const USAGE = `npm run bench -- [suite …] [options]

  suites        ${suites.join(', ')}; all when none is named
  --quick       a tenth of the work, two rounds: to see that it runs, not to compare
  --rounds=N    how many samples of each (7)
  --only=TEXT   only the lines whose name has TEXT in it
  --node=PATH   the Node that runs ours and the peers
  --no-peers    installs nothing; packages that are not there are left out
  --document    puts the tables into docs/benchmarks.md, README.md and docs/choosing.md
  --results=DIR where results are kept (bench/results), with the page
  --page        measures nothing, and makes the page anew from the results that there are

bench-report.html shows all results that there are.`;

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    quick: { type: 'boolean', default: false },
    rounds: { type: 'string' },
    only: { type: 'string', default: '' },
    node: { type: 'string', default: process.execPath },
    'no-peers': { type: 'boolean', default: false },
    document: { type: 'boolean', default: false },
    page: { type: 'boolean', default: false },
    results: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

async function main(): Promise<number> {
  const unknown = positionals.filter((name) => !suites.includes(name));
  const rounds = Number(options.rounds ?? (options.quick ? 2 : 7));
  if (options.help || unknown.length > 0 || !Number.isInteger(rounds) || rounds < 1) {
    if (unknown.length > 0) console.error(`there is no suite ${unknown.join(', ')}\n`);
    console.error(USAGE);
    return options.help ? 0 : 2;
  }
  const named = positionals.length > 0 ? positionals : suites;
  if (!options.page) await measure(named, rounds);
  const all = savedResults(suites, options.results);
  if (options.document) writeIntoDocuments(savedResults(named, options.results), all);
  const page = join(options.results ?? '.', 'bench-report.html');
  writeFileSync(page, await pageOf(all));
  console.log(`as a page: ${page}`);
  return 0;
}

async function measure(named: readonly string[], rounds: number): Promise<void> {
  if (!options['no-peers']) installPeers();
  const machine = describeMachine(options.node);
  const scale = options.quick ? 0.1 : 1;
  for (const name of named) {
    const result = await measureSuite(await loadSuite(name), { node: options.node, rounds, scale, machine, only: options.only, progress });
    progress('');
    console.log(`\n${name}: ${result.about}\n${conditions(result)}\n\n${tableOf(result)}\n`);
    for (const loss of lossesOf(result)) console.log(`lost or missed: ${loss}`);
    console.log(`as JSON: ${saveResult(result, options.results)}`);
  }
}

/** One line that changes, on a terminal only. */
function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[2K${text}`);
}

process.exitCode = await main();
