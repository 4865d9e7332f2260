import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { catalogue, folder, type Program } from '../practical/index.ts';
import { parse, UsageError } from './usage-error.ts';

/** How a program ran. */
export interface Run {
  readonly id: string;
  readonly title: string;
  readonly ms: number;
  readonly output: string;
  /** What it should have shown and has not; `null` when all is well. */
  readonly fault: string | null;
}

const LIMIT_MS = 60_000;

/** Runs programs of the practical, one after the other: what each prints under its title, then a table. 1 when one shows something else. */
export async function practical(args: string[]): Promise<number> {
  const { values, positionals } = parse({
    args,
    allowPositionals: true,
    options: { list: { type: 'boolean' }, json: { type: 'boolean' }, report: { type: 'string' } },
  });
  const wanted = positionals.length === 0 ? catalogue : positionals.flatMap(programsOf);
  if (values.list === true) {
    for (const { id, title } of wanted) console.log(`${id.padEnd(5)} ${title}`);
    return 0;
  }
  const runs: Run[] = [];
  for (const program of wanted) runs.push(await runOne(program, values.json !== true));
  if (values.json === true) console.log(JSON.stringify(runs, null, 2));
  else printTable(runs);
  if (values.report !== undefined) {
    // What colours the sources is loaded for the page alone.
    const { writeReport } = await import('./report/write-report.ts');
    writeReport(values.report, runs);
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

function runOne({ id, file, title, shows, exitCode = 0, withStderr }: Program, streams: boolean): Promise<Run> {
  if (streams) console.log(`\n--- ${id}  ${title}`);
  const begin = performance.now();
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [fileURLToPath(new URL(`${file}.js`, folder))], { stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    let errors = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      if (streams) process.stdout.write(text);
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      errors += text;
      if (streams) process.stderr.write(text);
    });
    const limit = setTimeout(() => child.kill('SIGKILL'), LIMIT_MS);
    child.on('close', (code, signal) => {
      clearTimeout(limit);
      const lines = (withStderr === true ? `${output}\n${errors}` : output).split('\n').filter((line) => line.trim() !== '');
      const ended =
        code === exitCode || signal === exitCode
          ? null
          : `it should end with ${exitCode}: ${signal ?? code}${errors === '' ? '' : `\n${errors}`}`;
      resolve({ id, title, ms: performance.now() - begin, output, fault: ended ?? shows(lines) });
    });
  });
}

function printTable(runs: readonly Run[]): void {
  console.log('\n');
  for (const { id, title, ms, fault } of runs) {
    console.log(`${fault === null ? 'ok   ' : 'FAULT'} ${id.padEnd(5)} ${title.padEnd(52)} ${(ms / 1000).toFixed(2).padStart(6)} s`);
    if (fault !== null) console.log(`      ${fault}`);
  }
  const faults = runs.filter(({ fault }) => fault !== null).length;
  console.log(`\n${runs.length} programs, ${faults === 0 ? 'each shows what it should' : `${faults} do not show what they should`}`);
}
