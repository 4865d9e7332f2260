import type { Frames } from '../../host/peer/frames.ts';
import { Face } from '../../threading/face.ts';
import { Queue } from '../../queue/index.ts';
import { GuestHeap } from '../../word/guest-heap.ts';

/** One who uses the manager: a thread of some program, by its connection. */
export class Guest {
  readonly frames: Frames;
  /** Its calls that have not been answered, with the way to break off their waits. */
  readonly calls = new Map<number, AbortController>();
  /** How often it refers to each object. */
  readonly references = new Map<number, number>();
  /** It has said goodbye. */
  isLeaving = false;
  readonly #name: string;
  #heap: GuestHeap | null = null;

  constructor(frames: Frames, name: string) {
    this.frames = frames;
    this.#name = name;
  }

  /** An object as this guest uses it: what it locks, it holds. A queue is the same for all. */
  viewOf(value: object): object {
    if (!(value instanceof Face) || value instanceof Queue) return value;
    this.#heap ??= new GuestHeap(this.#name);
    return this.#heap.faceOf(value);
  }

  /** It is gone: its waits end, and what it has locked is abandoned, unless it went in good order. */
  depart(reason: Error): void {
    for (const call of this.calls.values()) call.abort(reason);
    this.#heap?.depart(this.isLeaving ? 'ended' : 'lost');
    this.#heap = null;
  }
}
