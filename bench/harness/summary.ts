import { isOurs, moreIsBetter } from './suite.ts';
import type { ContenderResult, LineResult, SuiteResult } from './results.ts';
import { digits, lossesOf } from './table.ts';

/** The lines that README shows: what there is to know first of each module. */
const SHOWN: readonly (readonly [suite: string, line: string])[] = [
  ['thread', 'start and join, warm'],
  ['lock', 'free, blocking'],
  ['queue', 'ints'],
  ['queue', 'ints, a thousand at once'],
  ['pool', 'one task there and back, awaited'],
  ['pool', '10,000 tiny tasks at once'],
  ['process', 'a process: started, and joined'],
  ['subprocess', 'short commands, eight at a time'],
  ['asyncio', 'tasks started and awaited, in waves of 1,000'],
];

const HEAD = '| what | manycore | best of npm | CPython | Java |\n|---|---|---|---|---|';

/** README's table, and the lines in which somebody who does the same is better. */
export function summaryOf(results: readonly SuiteResult[]): string {
  const rows = SHOWN.flatMap(([suite, name]) => {
    const line = results.find((result) => result.name === suite)?.lines.find((one) => one.name === name);
    return line === undefined ? [] : [rowOf(suite, line)];
  });
  const losses = results.flatMap((result) =>
    lossesOf(result)
      .map((loss) => loss.replace(/, aim .*|: aim .*/, ''))
      .filter((loss) => loss.includes('× better'))
      .map((loss) => `- ${result.name}: ${loss}`),
  );
  const [first] = results;
  const where = first === undefined ? '' : `${first.machine.cores} cores (${first.machine.cpu}), Node ${first.machine.versions['node']}`;
  return [
    `${where}; how each was measured, its spread and the load of the machine stand in [docs/benchmarks.md](docs/benchmarks.md).`,
    [HEAD, ...rows].join('\n'),
    losses.length === 0 ? 'Nobody who does the same is better.' : `Somebody who does the same is better at:\n\n${losses.join('\n')}`,
  ].join('\n\n');
}

function rowOf(suite: string, { name, unit, contenders }: LineResult): string {
  const ours = contenders.find(isOurs);
  const others = contenders.filter((one) => !isOurs(one) && !one.isFloor && one.samples.length > 0);
  const python = others.filter((one) => one.name.startsWith('CPython'));
  const java = others.filter((one) => one.name.startsWith('Java'));
  const npm = others.filter((one) => !python.includes(one) && !java.includes(one));
  const best = (of: readonly ContenderResult[]): string => {
    const [first] = of.toSorted((a, b) => (moreIsBetter(unit) ? b.value.median - a.value.median : a.value.median - b.value.median));
    if (first === undefined) return '–';
    const who = first.name.replace(/^(?:CPython|Java)\s*/, '');
    return `${digits(first.value.median)} ${unit}${who === '' ? '' : ` (${who})`}`;
  };
  return `| ${suite}: ${name} | ${ours === undefined ? '–' : best([ours]).replace(/ \(.*\)/, '')} | ${best(npm)} | ${best(python)} | ${best(java)} |`;
}

/** The suite `cost` as the table of docs/choosing.md: what a task, a thread, a process and a program cost. */
export function costsOf({ lines, machine, load, rounds }: SuiteResult): string {
  const names = [...new Set(lines.flatMap(({ contenders }) => contenders.filter(isOurs).map(({ name }) => name)))];
  const inTime = (microseconds: number): string =>
    microseconds >= 1000 ? `${digits(microseconds / 1000)} ms` : `${digits(microseconds)} µs`;
  const cell = ({ unit, contenders }: LineResult, name: string): string => {
    const one = contenders.find((contender) => contender.name === name);
    if (one === undefined) return '';
    const { median } = one.value;
    if (unit === 'MB') return median < 0.1 ? `${digits(median * 1024)} KB` : `${digits(median)} MB`;
    return `${inTime(unit === 'ms' ? median * 1000 : median)} (${inTime(one.cpuMicroseconds.median)})`;
  };
  return [
    `| | ${lines.map(({ name }) => name).join(' | ')} |`,
    `|---|${lines.map(() => '---').join('|')}|`,
    ...names.map((name) => `| ${name.replace(/^manycore /, '')} | ${lines.map((line) => cell(line, name)).join(' | ')} |`),
    '',
    `${machine.cpu}, ${machine.cores} cores, Node ${machine.versions['node']}, ${rounds} rounds, load average ${load[0]} before and ${load[1]} after. In brackets: CPU time of the program itself, which hardly moves with the load; where the load is more than a core each, the times before it are several times those of an idle machine. Memory is what no other process shares. \`npm run bench -- cost --document\` measures it anew.`,
  ].join('\n');
}
