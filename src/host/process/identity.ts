import { sharedHeap } from '../../word/heap.ts';
import { here, type Setup } from './setup.ts';
import { becomeWho, who } from './who.ts';
import { chosenStartMethod } from './start-method.ts';
import { isMainThread } from './where.ts';

/*
 * Who this process is among the processes of the program.
 */

export const MAIN_PROCESS = 'MainProcess';

export function nameHere(): string {
  return who().name ?? here.setup?.name ?? MAIN_PROCESS;
}

export function setNameHere(name: string): void {
  becomeWho(() => ({ name }));
}

/** The numbers of a new child and of those above it: `3`, or `2:3` for a child's child. All threads of this process count together. */
export function nextLineage(): string {
  const heap = sharedHeap();
  const children = Atomics.add(heap.i32, heap.rootOffset('children') / 4, 1) + 1;
  return here.setup === null ? String(children) : `${here.setup.lineage}:${children}`;
}

/** The secret that a program and its processes share, and by which they prove that they belong together. */
export function authKeyHere(): Uint8Array {
  if (who().authKey === null)
    becomeWho(({ authKey, setup }) => ({
      authKey: authKey ?? setup?.authKey ?? Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString('hex'),
    }));
  return Uint8Array.from(Buffer.from(who().authKey!, 'hex'));
}

export function setAuthKey(key: Uint8Array): void {
  becomeWho(() => ({ authKey: Buffer.from(key).toString('hex') }));
}

/** What a new child of this process is told about itself. */
export function setupFor({
  authKey = authKeyHere(),
  ...child
}: Pick<Setup, 'name' | 'lineage' | 'daemon'> & { readonly authKey?: Uint8Array }): Setup {
  return {
    ...child,
    parent: { pid: process.pid, name: nameHere() },
    cwd: process.cwd(),
    env: process.env as Record<string, string>,
    argv: process.argv,
    authKey: Buffer.from(authKey).toString('hex'),
    startedByMainThread: isMainThread,
    startMethod: chosenStartMethod(),
    log: here.log(),
  };
}
