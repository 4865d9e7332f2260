import { recordOfThread } from '../host/thread/table.ts';
import { sharedHeap } from '../word/heap.ts';
import * as roster from '../word/roster.ts';
import { faceOf } from '../word/shareable.ts';
import { mainThread } from './current-thread.ts';
import type { Thread } from './thread.ts';

/** The threads that live at this moment, the main thread among them. */
export function enumerate(): Thread[] {
  return roster.list().flatMap(({ id }): Thread[] => {
    if (id === 1) return [mainThread()];
    const thread = faceOfThread(id);
    // One whose end has been told is left out, although it may still be in the roster for a moment.
    return thread?.isAlive === true ? [thread] : [];
  });
}

/** The face of a thread that may come to its end while this looks; `null` then. */
function faceOfThread(id: number): Thread | null {
  const heap = sharedHeap();
  const record = recordOfThread(id);
  if (record === 0 || !heap.retainIfOwned(record)) return null;
  try {
    return recordOfThread(id) === record ? (faceOf('thread', record, undefined) as Thread) : null;
  } finally {
    heap.release(record);
  }
}

/** How many threads live. */
export function activeCount(): number {
  return enumerate().length;
}
