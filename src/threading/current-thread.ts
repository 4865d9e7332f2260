import * as record from '../host/thread/record.ts';
import { current } from '../host/thread/run-thread.ts';
import { mainRecord, proposeMainRecord } from '../host/thread/table.ts';
import * as roster from '../word/roster.ts';
import { self } from '../word/self.ts';
import { faceOf } from '../word/shareable.ts';
import type { Thread } from './thread.ts';

/** @internal The record of the calling thread; 0 in a main thread that nobody has asked about yet. */
export function recordHere(): number {
  return current.record !== 0 ? current.record : mainRecord();
}

/** The thread that calls. */
export function currentThread(): Thread {
  return faceOfRecord(current.record !== 0 ? current.record : mainThreadRecord());
}

/** The thread that the program began in. The same from everywhere. */
export function mainThread(): Thread {
  return faceOfRecord(mainThreadRecord());
}

/** The number of the calling thread, which no other living thread has: 1 in the main thread. */
export function getIdent(): number {
  return self.id;
}

/** The number that the system gave the calling thread; `null` where it tells none. */
export function getNativeId(): number | null {
  return roster.nativeIdOf(self.id) || null;
}

function faceOfRecord(at: number): Thread {
  return faceOf('thread', at, undefined) as Thread;
}

function mainThreadRecord(): number {
  return mainRecord() || proposeMainRecord(record.newMainRecord());
}
