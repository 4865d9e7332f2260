import type { ResourceLimits } from 'node:worker_threads';
import { OutOfRangeError } from '../../base/errors.ts';

/** The least stack that a thread can run with: 192 KB of it are Node's own, and our modules have to be loaded. */
export const STACK_MIN: number = 320 << 10;

/** With less, Node does not fail to start the thread, but ends the process. A thread that comes up needs some 10 MB of heap. */
const LEAST: ReadonlyMap<string, number> = new Map([
  ['maxOldGenerationSizeMb', 3],
  ['maxYoungGenerationSizeMb', 0],
  ['codeRangeSizeMb', 0],
  ['stackSizeMb', STACK_MIN / 2 ** 20],
]);

/** Refuses limits that Node would leave unread, or would end the process for. */
export function checkLimits(limits: ResourceLimits | undefined): void {
  if (limits === undefined) return;
  if (typeof limits !== 'object' || (limits as unknown) === null)
    throw new TypeError(`resourceLimits must be an object: got ${String(limits)}`);
  for (const [name, value] of Object.entries(limits) as [string, unknown][]) {
    const least = LEAST.get(name);
    if (least === undefined) throw new TypeError(`resourceLimits does not know ${name}: it knows ${[...LEAST.keys()].join(', ')}`);
    if (value === undefined || (typeof value === 'number' && value >= least && value > 0)) continue;
    const bound = least === 0 ? 'more than 0' : `${least} or more`;
    throw new OutOfRangeError('ERR_OUT_OF_RANGE', `resourceLimits.${name} must be a number of megabytes, ${bound}: got ${String(value)}`);
  }
}
