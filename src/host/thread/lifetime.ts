import { isMainThread } from 'node:worker_threads';
import { atExit } from '../../base/at-exit.ts';
import { sharedHeap } from '../../word/heap.ts';
import * as roster from '../../word/roster.ts';
import { lookForDead } from './missing.ts';
import { endMain, MAIN } from './record.ts';
import { closeSessions } from './stack-sessions.ts';
import { mainRecord, nonDaemonsOffset } from './table.ts';

/*
 * The process lives as long as a thread lives that is no daemon. Workers themselves keep nothing alive; when the main
 * thread has nothing left to do, it waits here for the last of them.
 */
let isWatching = false;

/** The count may stay too high for good: a thread that says of itself or of another that it has ended may be ended in the middle of that. */
function isAnyLeft(): boolean {
  lookForDead();
  return roster.list().some(({ id, daemon }) => !daemon && id !== MAIN && !roster.probe(id));
}

export function outliveThreads(): void {
  if (isWatching || !isMainThread) return;
  isWatching = true;
  atExit(closeSessions);
  process.on('beforeExit', () => {
    const word = sharedHeap().word(nonDaemonsOffset());
    const living = word.load();
    if (living === 0 || !isAnyLeft()) return;
    // Threads that wait for the end of the main thread go on now, as in Python.
    if (mainRecord() !== 0) endMain(mainRecord());
    // What it resolves to does not matter: when the loop is empty again, this is asked again. One that has ended since `load` is not slept for, and
    // nothing would keep the loop: it turns once in any case.
    void word.sleepAsync(living, performance.now() + 1000);
    setImmediate(() => {});
  });
}
