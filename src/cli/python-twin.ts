import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { folder, type Program } from '../practical/index.ts';
import { runChild } from './child.ts';

/** How the program that does the same in Python ran. */
export interface PythonRun {
  readonly ms: number;
  readonly output: string;
  /** Whether it shows the lines that ours must show. */
  readonly showsTheSame: boolean;
}

/** The programs in Python lie beside ours, in the package's sources. */
const TWINS = new URL('../../../src/practical/python/', folder);

/** Python's version; `null` when it is not here. */
export function pythonVersion(): string | null {
  const { stdout, status } = spawnSync('python3', ['--version'], { encoding: 'utf8' });
  return status === 0 ? stdout.trim().replace(/^Python /, '') : null;
}

/** Runs the twin of a program; `null` when it has none. */
export async function runTwin({ file, shows, withStderr }: Program): Promise<PythonRun | null> {
  const twin = fileURLToPath(new URL(`${file}.py`, TWINS));
  if (!existsSync(twin)) return null;
  const env = { ...process.env, PYTHONUNBUFFERED: '1', PYTHONDONTWRITEBYTECODE: '1' };
  const { output, errors, ms } = await runChild('python3', [twin], { env });
  return { ms, output, showsTheSame: shows(linesOf(withStderr === true ? `${output}\n${errors}` : output)) === null };
}

export const linesOf = (output: string): string[] => output.split('\n').filter((line) => line.trim() !== '');
