import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, extname, join } from 'node:path';
import { environmentFor } from '../recording/plan.ts';
import { type TraceFile, traceFile } from '../trace/events.ts';
import { partsIn, planFor } from '../trace/program.ts';
import { traceSummary } from '../trace/summary.ts';
import { writeTrace } from '../trace/trace.ts';
import { splitWords } from './own-words.ts';
import { launch } from './run-program.ts';
import { parse, UsageError } from './usage-error.ts';

const OPTIONS = { output: { type: 'string', short: 'o', multiple: true }, help: { type: 'boolean' } } as const;

const USAGE = `manycore trace [options] <program> [arguments]
manycore trace [options] <trace.json>        a trace that was written earlier

  --output, -o <file>  where the timeline goes; may be given several times. trace.html when left out.
                       .html: a page that needs nothing else. .json: for https://ui.perfetto.dev and chrome://tracing`;

/** Runs a program with all that it starts, then writes when each of its threads ran what and waited for what. Ends as the program does. */
export async function traceProgram(args: string[]): Promise<number> {
  const { own, program, rest } = splitWords(args, OPTIONS);
  const { values } = parse({ args: own, options: OPTIONS });
  if (values.help === true) {
    console.log(USAGE);
    return 0;
  }
  if (program === undefined) throw new UsageError('trace needs a program: manycore trace app.ts -o trace.html');
  const files = values.output ?? ['trace.html'];
  for (const file of files) {
    if (!['.html', '.json'].includes(extname(file)))
      throw new UsageError(`--output must end in .html, for a page, or in .json, for Perfetto: got ${file}`);
  }
  if (program.endsWith('.json')) {
    write(readTrace(program), files, program);
    return 0;
  }
  const folder = mkdtempSync(join(tmpdir(), 'manycore-trace-'));
  try {
    const code = await launch(program, rest, environmentFor(planFor(folder), process.env));
    const parts = partsIn(folder);
    if (parts.length === 0) {
      console.error(`manycore: ${program} has left no recording: it was killed within its first seconds, or did not run at all`);
      return code === 0 ? 1 : code;
    }
    write(traceFile(parts), files, program);
    return code;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function write(trace: TraceFile, files: readonly string[], program: string): void {
  console.log(`\n${traceSummary(trace)}`);
  for (const file of files) {
    writeTrace(trace, file, basename(program));
    console.log(`written: ${file}`);
  }
}

function readTrace(file: string): TraceFile {
  let trace: unknown;
  try {
    trace = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new UsageError(`${file} can't be read as a trace: ${(error as Error).message}`, { cause: error });
  }
  if (!Array.isArray((trace as { readonly traceEvents?: unknown } | null)?.traceEvents))
    throw new UsageError(`${file} is no trace: it has no list "traceEvents"`);
  return trace as TraceFile;
}
