import { namesCheck } from '../base/check-options.ts';

/** What Python calls our options. */
const OURS: ReadonlyMap<string, string> = new Map([
  ['kwargs', 'args, with an object among them'],
  ['kwds', 'args, with an object among them'],
  ['initargs', 'initArgs'],
  ['maxtasksperchild', 'maxTasksPerChild'],
  ['context', 'startMethod'],
  ['chunksize', 'chunkSize'],
  ['error_callback', 'errorCallback'],
  ['authkey', 'authKey'],
  ['maxlength', 'maxLength'],
  ['ctx', 'mpContext'],
]);

/** Refuses what is no object of options, and options under the name that they have in Python. */
export const checkNames: ReturnType<typeof namesCheck> = namesCheck(OURS);
