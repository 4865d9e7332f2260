import { canShareMemory } from '../../system/memory.ts';
import { here } from './setup.ts';
import { becomeWho, who } from './who.ts';

/**
 * How processes are started. `spawn`: a new Node, or one that is kept ready. `forkserver`: a copy of a small Node that has loaded
 * this package already and has nothing else in it.
 */
export type StartMethod = 'spawn' | 'forkserver';

/** The methods that this system has, the usual one first. */
export function allStartMethods(): StartMethod[] {
  return canShareMemory() ? ['spawn', 'forkserver'] : ['spawn'];
}

/** What has been chosen here, or by the parent of this process; `null`: nobody has. */
export function chosenStartMethod(): StartMethod | null {
  return who().startMethod ?? here.setup?.startMethod ?? null;
}

export function chooseStartMethod(method: StartMethod | null): void {
  becomeWho(() => ({ startMethod: method }));
}
