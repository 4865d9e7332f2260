import { namesCheck } from '../base/check-options.ts';

/** What Python, and other packages, call our options. */
const OURS: ReadonlyMap<string, string> = new Map([
  ['return_exceptions', 'returnExceptions'],
  ['return_when', 'returnWhen'],
  ['eager_start', 'eagerStart'],
  ['maxsize', 'maxSize'],
  ['concurrency', 'limit'],
]);

/** Refuses what is no object of options, and options under a name that they have elsewhere. */
export const checkNames: ReturnType<typeof namesCheck> = namesCheck(OURS);
