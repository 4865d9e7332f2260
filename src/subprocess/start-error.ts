import { accessSync, constants, readFileSync, statSync } from 'node:fs';
import { getSystemErrorMap } from 'node:util';
import { isAbsolute, join } from 'node:path';
import { ProcessStartError } from './errors.ts';
import type { StartPlan } from './plan.ts';
import { repr } from './repr.ts';

/** Node has no name for it. */
const ENOEXEC = 8;

/** Says what was not there or not allowed: the directory, the program, or the interpreter that it names. */
export function startError(plan: StartPlan, errno: number, cwd: Buffer | null, cause?: unknown): ProcessStartError {
  const [code, words] = getSystemErrorMap().get(-errno) ?? [errno === ENOEXEC ? 'ENOEXEC' : `errno ${errno}`, 'the system refuses'];
  const where = cwd?.toString() ?? null;
  const program = plan.invocation.file.toString();
  const fail = (path: string, why: string): ProcessStartError =>
    new ProcessStartError(`cannot start command ${repr(plan.command)}: ${why} (${code})`, plan.command, code, path, { cause });
  if (where !== null && !isDirectory(where)) return fail(where, `there is no directory '${where}' to run it in`);
  if (where !== null && code === 'EACCES' && !isAllowed(where)) return fail(where, `the directory '${where}' may not be entered`);
  if (code === 'ENOENT') {
    const interpreter = interpreterOf(plan);
    if (interpreter !== null) return fail(program, `'${program}' names '${interpreter}' as its interpreter, which is not there`);
    return fail(program, program.includes('/') ? `there is no file '${program}'` : `there is no program '${program}' in the PATH`);
  }
  if (code === 'EACCES') return fail(program, `'${program}' is a directory, or may not be executed`);
  if (code === 'ENOEXEC') return fail(program, `'${program}' is no program, and its first line names no interpreter by #!`);
  if (code === 'E2BIG') return fail(program, 'its arguments and environment are longer than the system allows: pass them as input');
  if (code === 'EMFILE' || code === 'ENFILE') return fail(program, 'too many files are open: close some, or run fewer commands at once');
  if (code === 'EAGAIN') return fail(program, 'there are too many processes');
  return fail(program, words);
}

const isDirectory = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;

function isAllowed(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** What the first line of a script names; `null` when the file is none, or not there, or its interpreter is. */
export function interpreterOf({ invocation, cwd }: Pick<StartPlan, 'invocation' | 'cwd'>): string | null {
  const program = invocation.file.toString();
  if (!program.includes('/')) return null;
  const path = cwd !== null && !isAbsolute(program) ? join(cwd.toString(), program) : program;
  try {
    return /^#!\s*(\S+)/.exec(readFileSync(path, 'latin1').slice(0, 256))?.[1] ?? null;
  } catch {
    return null;
  }
}
