import * as threading from '../threading/index.ts';
import type { BarrierOptions, LockOptions } from '../threading/index.ts';
import { processHeap } from '../word/process-heap.ts';
import { liesInProcessHeap } from './process-shared.ts';

/*
 * The locks of processes are those of threads, on the heap that processes share: the same algorithms, the same
 * promises. An instance that arrives in another process is the same lock. Each works among the threads of those
 * processes as well. Linux only: elsewhere the constructor throws `StateError`, with the reason.
 */

/** A lock that processes share: Python's `multiprocessing.Lock`. As `Lock` of `manycore/threading` in everything else. */
export class Lock extends threading.Lock {
  constructor(options?: LockOptions) {
    super(options, processHeap());
  }
  static override [Symbol.hasInstance](value: unknown): boolean {
    return liesInProcessHeap(value, threading.Lock);
  }
}

/** A lock that processes share and that its owner, one thread of one process, may take again. */
export class RLock extends threading.RLock {
  constructor(options?: LockOptions) {
    super(options, processHeap());
  }
  static override [Symbol.hasInstance](value: unknown): boolean {
    return liesInProcessHeap(value, threading.RLock);
  }
}

/** A counter of permits that processes share. What a process holds when it is killed comes back by itself. */
export class Semaphore extends threading.Semaphore {
  constructor(value = 1) {
    super(value, processHeap());
  }
  static override [Symbol.hasInstance](value: unknown): boolean {
    return liesInProcessHeap(value, threading.Semaphore);
  }
}

/** A semaphore that processes share and that refuses to be released more often than it was acquired. */
export class BoundedSemaphore extends threading.BoundedSemaphore {
  constructor(value = 1) {
    super(value, processHeap());
  }
  static override [Symbol.hasInstance](value: unknown): boolean {
    return liesInProcessHeap(value, threading.BoundedSemaphore);
  }
}

/** Waiting for something to become true that a lock guards, across processes. The lock is a new RLock when none is given. */
export class Condition extends threading.Condition {
  constructor(lock: threading.Lock | threading.RLock = new RLock()) {
    if (!(lock instanceof Lock) && !(lock instanceof RLock))
      throw new TypeError('the lock of a condition that processes share must be a Lock or an RLock of manycore/multiprocessing');
    super(lock, processHeap());
  }
  static override [Symbol.hasInstance](value: unknown): boolean {
    return liesInProcessHeap(value, threading.Condition);
  }
}

/** A flag that processes can wait for. */
export class Event extends threading.Event {
  constructor() {
    super(undefined, processHeap());
  }
  static override [Symbol.hasInstance](value: unknown): boolean {
    return liesInProcessHeap(value, threading.Event);
  }
}

/** A meeting of processes. */
export class Barrier extends threading.Barrier {
  constructor(parties: number, options?: BarrierOptions) {
    super(parties, options, processHeap());
  }
  static override [Symbol.hasInstance](value: unknown): boolean {
    return liesInProcessHeap(value, threading.Barrier);
  }
}
