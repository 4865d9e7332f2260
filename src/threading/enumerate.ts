import { recordOfThread } from '../host/thread/table.ts';
import * as roster from '../word/roster.ts';
import { faceOf } from '../word/shareable.ts';
import { mainThread } from './current-thread.ts';
import type { Thread } from './thread.ts';

/** The threads that live at this moment, the main thread among them. */
export function enumerate(): Thread[] {
  return roster.list().flatMap(({ id }): Thread[] => {
    if (id === 1) return [mainThread()];
    const record = recordOfThread(id);
    // One whose end has been told is left out, although it may still be in the roster for a moment.
    const thread = record === 0 ? null : (faceOf('thread', record, undefined) as Thread);
    return thread?.isAlive === true ? [thread] : [];
  });
}

/** How many threads live. */
export function activeCount(): number {
  return enumerate().length;
}
