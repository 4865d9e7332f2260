import { type ProgramOptions, runProgram } from './program.ts';

export interface Lines {
  /** What it printed on stdout. */
  readonly lines: readonly string[];
  readonly stderr: string;
  readonly code: number | null;
}

/** Runs a program to its end, for tests that compare its lines. */
export async function programLines(source: string, options?: ProgramOptions): Promise<Lines> {
  const { stdout, stderr, code } = await runProgram(source, options);
  return { lines: stdout.trimEnd().split('\n'), stderr, code };
}
