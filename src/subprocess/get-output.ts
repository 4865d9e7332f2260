import type { Command } from './command.ts';
import { PIPE, STDOUT } from './constants.ts';
import { run, type RunOptions } from './run.ts';
import { runSync } from './run-sync.ts';
import type { TextOptions } from './text.ts';

/** The return code of a shell's line and what it printed. */
export type StatusAndOutput = readonly [status: number, output: string];

const options = ({ encoding, errors }: TextOptions) =>
  ({ shell: true, text: true, stdout: PIPE, stderr: STDOUT, encoding, errors }) as const satisfies RunOptions;
const trimmed = (text: string): string => (text.endsWith('\n') ? text.slice(0, -1) : text);

/** Runs a line in a shell, and gives its return code and what it printed, stderr too, without the last newline. */
export async function getStatusOutput(line: Command, text: TextOptions = {}): Promise<StatusAndOutput> {
  const { returnCode, stdout } = await run(line, options(text));
  return [returnCode, trimmed(stdout)];
}

/** `getStatusOutput` without the code. */
export async function getOutput(line: Command, text: TextOptions = {}): Promise<string> {
  return (await getStatusOutput(line, text))[1];
}

/** The blocking twin of `getStatusOutput`. */
export function getStatusOutputSync(line: Command, text: TextOptions = {}): StatusAndOutput {
  const { returnCode, stdout } = runSync(line, options(text));
  return [returnCode, trimmed(stdout)];
}

/** The blocking twin of `getOutput`. */
export function getOutputSync(line: Command, text: TextOptions = {}): string {
  return getStatusOutputSync(line, text)[1];
}
