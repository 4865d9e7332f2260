import { closeSync, openSync } from 'node:fs';
import { createRequire } from 'node:module';
import { atExit } from '../base/at-exit.ts';
import { StateError } from '../base/errors.ts';

/*
 * The C library, called through koffi. Its layouts are known for Linux on x64 and arm64. Where it is not to be had,
 * each module says what it does instead, or why it can't. MANYCORE_SYSTEM=none does without, to try that.
 */
export type Foreign = (...args: unknown[]) => number;
type Koffi = typeof import('koffi');

interface Library {
  readonly koffi: Koffi;
  readonly declare: (signature: string) => Foreign;
}

let library: Library | { readonly missing: string } | undefined;

function load(): Library | { readonly missing: string } {
  if (library !== undefined) return library;
  if (process.env['MANYCORE_SYSTEM'] === 'none') return (library = { missing: 'MANYCORE_SYSTEM=none is set' });
  if (process.platform !== 'linux' || (process.arch !== 'x64' && process.arch !== 'arm64'))
    return (library = { missing: `it is called on Linux on x64 and arm64 only: this is ${process.platform} on ${process.arch}` });
  try {
    // Loading koffi costs 8 to 18 ms: only who needs it pays.
    const koffi = createRequire(import.meta.url)('koffi') as Koffi;
    const all = koffi.load(null);
    atExit(openStreams);
    return (library = { koffi, declare: (signature) => all.func(signature) as Foreign });
  } catch (error) {
    const missing = { missing: `the package koffi can't be loaded: ${(error as Error).message}` };
    // Where no descriptor is left it can't be read now; later it may.
    return isOutOfDescriptors() ? missing : (library = missing);
  }
}

function isOutOfDescriptors(): boolean {
  try {
    closeSync(openSync('/dev/null', 'r'));
    return false;
  } catch {
    return true;
  }
}

/** koffi waits for ever at the end of a process whose stderr is closed: it locks what it reports that by, which it has locked. */
function openStreams(): void {
  try {
    for (let fd = 0; fd <= 2;) {
      // The lowest that is free.
      fd = openSync('/dev/null', 'r+');
      if (fd > 2) closeSync(fd);
    }
  } catch {
    // No descriptor is left: then none of these is free.
  }
}

/** Whether the C library can be called here. The first call loads it. */
export function hasLibrary(): boolean {
  return 'koffi' in load();
}

/** Why the C library can't be called here; `null` when it can. */
export function whyNoLibrary(): string | null {
  const found = load();
  return 'missing' in found ? found.missing : null;
}

const declared = new Map<string, Foreign>();

/** A function of the C library, by its signature. `StateError` where there is none. */
export function foreign(signature: string): Foreign {
  let found = declared.get(signature);
  if (found === undefined) declared.set(signature, (found = opened().declare(signature)));
  return found;
}

/** The errno of the call before. */
export const errno = (): number => opened().koffi.errno();

/** koffi itself, for pointers and views. */
export const koffi = (): Koffi => opened().koffi;

function opened(): Library {
  const found = load();
  if ('missing' in found) throw new StateError('ERR_NO_LIBRARY', `cannot call the C library: ${found.missing}`);
  return found;
}
