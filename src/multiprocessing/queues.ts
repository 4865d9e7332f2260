import { StateError } from '../base/errors.ts';
import * as queue from '../queue/index.ts';
import { Place, registerFace } from '../threading/face.ts';
import { processHeap } from '../word/process-heap.ts';

/** How a queue is made. */
export interface QueueOptions {
  /** How many items there may be; without a limit when 0 or left out. */
  readonly maxSize?: number | undefined;
}

/**
 * A queue that processes share, of anything that can be sent: Python's `multiprocessing.JoinableQueue`, which has all that
 * its `Queue` has. An item lies in shared memory as soon as `put` comes back: there is no thread that feeds it, and a
 * process that is killed takes none of the items with it that it has put.
 */
export class JoinableQueue<T = unknown> extends queue.Queue<T> {
  #isClosed = false;

  constructor(options: QueueOptions | Place = {}, kind = 'joinable-queue') {
    super(options, options instanceof Place ? options.heap : processHeap(), kind);
  }

  protected override check(act: string): void {
    if (this.#isClosed) throw new StateError('ERR_QUEUE_CLOSED', `cannot ${act} this queue: this process has closed it`);
  }

  /** This thread will neither put nor get any more: from now on both throw `StateError`. The others go on. */
  close(): void {
    this.#isClosed = true;
  }

  /** Resolves when all that this process has put has been handed over: at once, for nothing waits here to be fed. */
  async joinThread(): Promise<void> {
    if (!this.#isClosed) throw new StateError('ERR_QUEUE_OPEN', 'cannot join the feeder of a queue that is open: close() it first');
  }
  /** The blocking twin of `joinThread`. */
  joinThreadSync(): void {
    if (!this.#isClosed) throw new StateError('ERR_QUEUE_OPEN', 'cannot join the feeder of a queue that is open: close() it first');
  }

  /** Without effect: what has been put is not lost when this process ends. */
  cancelJoinThread(): void {}
}
registerFace('joinable-queue', (place) => new JoinableQueue(place), import.meta.url);

/** Python's `multiprocessing.Queue`. Here it can also be joined. */
export class Queue<T = unknown> extends JoinableQueue<T> {
  constructor(options: QueueOptions | Place = {}) {
    super(options, 'process-queue');
  }
}
registerFace('process-queue', (place) => new Queue(place), import.meta.url);

/** A queue without a limit, with `put`, `get`, `isEmpty` and `close`: Python's `multiprocessing.SimpleQueue`. */
export class SimpleQueue<T = unknown> extends JoinableQueue<T> {
  constructor(place: Place | object = {}) {
    super(place instanceof Place ? place : {}, 'process-simple-queue');
  }

  /** `StateError` when this thread has closed the queue. */
  override get isEmpty(): boolean {
    this.check('look into');
    return super.isEmpty;
  }
}
registerFace('process-simple-queue', (place) => new SimpleQueue(place), import.meta.url);
