import { carrierHere } from '../host/thread/carrier.ts';
import { prepareCarrier } from '../host/thread/carry.ts';
import { hasParser } from '../message/closures/index.ts';
import { inherited } from './hooks.ts';

/**
 * The worker of a program's first thread begins while the parser is loaded for what that runs. Not in a worker: a module that makes a thread
 * when it is loaded may be loaded in each of them.
 */
export function prepareFirstWorker(): void {
  if (carrierHere.number >= 0 || hasParser() || inherited.stackSize !== 0) return;
  try {
    prepareCarrier();
  } catch {
    // That no worker can be had, `start` says.
  }
}
