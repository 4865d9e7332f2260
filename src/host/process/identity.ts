import { here, type Setup } from './setup.ts';
import { chosenStartMethod } from './start-method.ts';
import { isMainThread } from './where.ts';

/*
 * Who this process is among the processes of the program.
 */
let authKey: Uint8Array | undefined;
let children = 0;

export const MAIN_PROCESS = 'MainProcess';

let name: string | undefined;

export function nameHere(): string {
  return (name ??= here.setup?.name ?? MAIN_PROCESS);
}

export function setNameHere(newName: string): void {
  name = newName;
}

/** The numbers of a new child and of those above it: `3`, or `2:3` for a child's child. */
export function nextLineage(): string {
  children++;
  return here.setup === null ? String(children) : `${here.setup.lineage}:${children}`;
}

/** The secret that a program and its processes share, and by which they prove that they belong together. */
export function authKeyHere(): Uint8Array {
  return (authKey ??= here.setup?.authKey ?? crypto.getRandomValues(new Uint8Array(32)));
}

export function setAuthKey(key: Uint8Array): void {
  authKey = key;
}

/** What a new child of this process is told about itself. */
export function setupFor({
  authKey = authKeyHere(),
  ...child
}: Pick<Setup, 'name' | 'lineage' | 'daemon'> & Partial<Pick<Setup, 'authKey'>>): Setup {
  return {
    ...child,
    parent: { pid: process.pid, name: nameHere() },
    cwd: process.cwd(),
    env: process.env as Record<string, string>,
    argv: process.argv,
    authKey,
    startedByMainThread: isMainThread,
    startMethod: chosenStartMethod(),
    log: here.log(),
  };
}
