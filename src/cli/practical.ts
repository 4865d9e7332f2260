import { fileURLToPath } from 'node:url';
import { catalogue, folder, type Program } from '../practical/index.ts';
import { runChild } from './child.ts';
import { linesOf, type PythonRun, pythonVersion, runTwin } from './python-twin.ts';
import { parse, UsageError } from './usage-error.ts';

/** How a program ran. */
export interface Run {
  readonly id: string;
  readonly title: string;
  readonly ms: number;
  readonly output: string;
  /** What it should have shown and has not; `null` when all is well. */
  readonly fault: string | null;
  /** The same in Python; `null` when it was not asked for, or is not here. */
  readonly python: PythonRun | null;
}

/** Runs programs of the practical, one after the other: what each prints under its title, then a table. 1 when one shows something else. */
export async function practical(args: string[]): Promise<number> {
  const { values, positionals } = parse({
    args,
    allowPositionals: true,
    options: { list: { type: 'boolean' }, json: { type: 'boolean' }, report: { type: 'string' }, 'against-python': { type: 'boolean' } },
  });
  const wanted = positionals.length === 0 ? catalogue : positionals.flatMap(programsOf);
  if (values.list === true) {
    for (const { id, title } of wanted) console.log(`${id.padEnd(5)} ${title}`);
    return 0;
  }
  const python = values['against-python'] === true ? pythonVersion() : null;
  if (values['against-python'] === true && python === null)
    console.error('manycore: python3 is not here: the programs run without their twins');
  const runs: Run[] = [];
  for (const program of wanted) runs.push(await runOne(program, values.json !== true, python !== null));
  if (values.json === true) console.log(JSON.stringify(runs, null, 2));
  else printTable(runs);
  if (values.report !== undefined) {
    // What colours the sources is loaded for the page alone.
    const { writeReport } = await import('./report/write-report.ts');
    writeReport(values.report, runs, python);
    if (values.json !== true) console.log(`the report: ${values.report}`);
  }
  return runs.every(({ fault }) => fault === null) ? 0 : 1;
}

/** `P18` stands for all its forms. */
function programsOf(word: string): Program[] {
  const found = catalogue.filter(
    ({ id }) => id.toLowerCase().replace(/[a-z]$/, '') === word.toLowerCase() || id.toLowerCase() === word.toLowerCase(),
  );
  if (found.length === 0) throw new UsageError(`the practical has no program ${word}: manycore practical --list shows them`);
  return found;
}

async function runOne(program: Program, streams: boolean, python: boolean): Promise<Run> {
  const { id, file, title, shows, exitCode = 0, withStderr } = program;
  if (streams) console.log(`\n--- ${id}  ${title}`);
  const { output, errors, end, ms } = await runChild(process.execPath, [fileURLToPath(new URL(`${file}.js`, folder))], { streams });
  const lines = linesOf(withStderr === true ? `${output}\n${errors}` : output);
  const ended = end === exitCode ? null : `it should end with ${exitCode}: ${end}${errors === '' ? '' : `\n${errors}`}`;
  return { id, title, ms, output, fault: ended ?? shows(lines), python: python ? await runTwin(program) : null };
}

function printTable(runs: readonly Run[]): void {
  console.log('\n');
  for (const { id, title, ms, fault, python } of runs) {
    const twin = python === null ? '' : `  in Python ${seconds(python.ms)}, ${python.showsTheSame ? 'the same lines' : 'other lines'}`;
    console.log(`${fault === null ? 'ok   ' : 'FAULT'} ${id.padEnd(5)} ${title.padEnd(52)} ${seconds(ms)}${twin}`);
    if (fault !== null) console.log(`      ${fault}`);
  }
  const faults = runs.filter(({ fault }) => fault !== null).length;
  console.log(`\n${runs.length} programs, ${faults === 0 ? 'each shows what it should' : `${faults} do not show what they should`}`);
}

const seconds = (ms: number): string => `${(ms / 1000).toFixed(2).padStart(6)} s`;
