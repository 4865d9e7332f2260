import { spawn } from 'node:child_process';

/** How a program ran that was started for its output. */
export interface Ended {
  readonly output: string;
  readonly errors: string;
  /** The exit code, or the signal that ended it. */
  readonly end: number | NodeJS.Signals | null;
  readonly ms: number;
}

const LIMIT_MS = 60_000;

/** Runs a program to its end, or until it has taken far too long. What it prints goes to this process's outputs as well, if asked for. */
export function runChild(
  command: string,
  args: readonly string[],
  { env, streams = false }: { readonly env?: NodeJS.ProcessEnv; readonly streams?: boolean } = {},
): Promise<Ended> {
  const begin = performance.now();
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], ...(env === undefined ? {} : { env }) });
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
    child.once('error', reject);
    child.once('close', (code, signal) => {
      clearTimeout(limit);
      resolve({ output, errors, end: signal ?? code, ms: performance.now() - begin });
    });
  });
}
