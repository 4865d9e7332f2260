import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Contender, Measured } from './suite.ts';

/** What stands before the sample in the output of its process. */
export const MARK = '@@sample ';

/** The folder `bench` of the source: what is not compiled lies there. */
export const sources = fileURLToPath(new URL('../../../bench/', import.meta.url));

/** A sample that takes longer has failed. */
const LIMIT_MS = 180_000;

export type Outcome = { readonly measured: Measured } | { readonly failure: string };

export interface Place {
  readonly node: string;
  readonly suite: string;
  readonly line: string;
  readonly scale: number;
}

/** Takes one sample of a contender. */
export function sample(contender: Contender, { node, suite, line, scale }: Place): Promise<Outcome> {
  if ('python' in contender) return run('python3', [join(sources, 'python', contender.python), contender.what, String(scale)]);
  if ('java' in contender) return run('java', ['-Xshare:auto', join(sources, 'java', contender.java), contender.what, String(scale)]);
  const main = fileURLToPath(new URL('./sample.js', import.meta.url));
  return run(node, ['--no-warnings', '--expose-gc', main, suite, line, contender.name, String(scale)]);
}

function run(command: string, args: readonly string[]): Promise<Outcome> {
  return new Promise((resolve) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], timeout: LIMIT_MS, killSignal: 'SIGKILL' });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk: Buffer) => void (stdout += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => void (stderr += chunk.toString()));
    child.on('error', (error) => resolve({ failure: error.message }));
    child.on('close', (code, signal) => {
      const line = stdout.split('\n').find((one) => one.startsWith(MARK));
      if (line !== undefined) resolve({ measured: JSON.parse(line.slice(MARK.length)) as Measured });
      else if (signal === 'SIGKILL') resolve({ failure: `no answer within ${LIMIT_MS / 1000} s` });
      else resolve({ failure: reasonIn(stderr) ?? `ended with ${signal ?? code} and without a sample` });
    });
  });
}

function reasonIn(stderr: string): string | undefined {
  const lines = stderr.split('\n').map((line) => line.trim());
  // Above its message Node shows the statement that threw.
  return lines.find((line) => /error/i.test(line) && !/^(at|throw) /.test(line))?.slice(0, 160) ?? lines.find((line) => line !== '');
}

/** Why a contender can't be measured here; `null` when it can. */
export function missing(contender: Contender, tools: Readonly<Record<string, string | null>>): string | null {
  if ('python' in contender && tools['python3'] == null) return 'python3 is not here';
  if ('java' in contender && tools['java'] == null) return 'java is not here';
  if ('run' in contender && contender.peer !== undefined && !existsSync(join(sources, 'peers/node_modules', contender.peer)))
    return 'not installed: run without --no-peers';
  return null;
}
