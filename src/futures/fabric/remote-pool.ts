import { StateError } from '../../base/errors.ts';
import { drop } from '../../message/index.ts';
import { sharedHeap } from '../../word/heap.ts';
import { BrokenExecutorError, shutDown } from '../errors.ts';
import { adoptFuture, type Future, helper } from '../future.ts';
import { FAILED, moveRecord, PENDING, settleRecord } from '../future-record.ts';
import type { ChunkArgs } from './chunk.ts';
import type { AnyFunction } from './function-table.ts';
import { Inbox, newTaskRecord, takeTask } from './inbox.ts';
import { BROKEN, CLOSED, Fabric, SHUT, WORKER_COUNT } from './layout.ts';

/** A pool, for a thread that has not made it: it hands tasks over by the inbox. */
export class RemotePool {
  readonly #fabric: Fabric;
  readonly #name: string;
  #inbox: Inbox | null = null;
  readonly block: number;

  constructor(block: number, name: string) {
    this.block = block;
    this.#fabric = new Fabric(block);
    this.#name = name;
  }

  get isShutDown(): boolean {
    const { i32, base } = this.#fabric;
    return !this.#isBroken && (Atomics.load(i32, base + SHUT) !== 0 || Atomics.load(i32, base + CLOSED) !== 0);
  }

  get #isBroken(): boolean {
    const { i32, base } = this.#fabric;
    return Atomics.load(i32, base + SHUT) === BROKEN;
  }

  /** Why it takes nothing; `null` when it does. */
  #refusal(): Error | null {
    if (this.#isBroken) return new BrokenExecutorError(`${this.#name} is broken: the thread that made it is told why`);
    return this.isShutDown ? shutDown(this.#name) : null;
  }

  submit(fn: AnyFunction, args: readonly unknown[] | ChunkArgs, isChunk: boolean): Future {
    const before = this.#refusal();
    if (before !== null) throw before;
    const { i32, base } = this.#fabric;
    const inbox = (this.#inbox ??= Inbox.find(this.#fabric) ?? Inbox.make(this.#fabric));
    const record = newTaskRecord(fn, args, isChunk);
    while (!inbox.put(record)) {
      // It is full of tasks that wait for a worker. One that hands over that many runs some of them itself.
      if (helper.current?.help() === true) continue;
      Atomics.wait(i32, base + WORKER_COUNT, Atomics.load(i32, base + WORKER_COUNT), 1);
      const refusal = this.#refusal();
      if (refusal === null) continue;
      drop(takeTask(record).message);
      sharedHeap().release(record);
      throw refusal;
    }
    this.#fabric.wakeOne(this.#fabric.workers);
    // More threads may have to be started, which is for the owner to do.
    this.#fabric.ring();
    const future = adoptFuture(record);
    sharedHeap().release(record);
    if (Atomics.load(i32, base + CLOSED) !== 0 && moveRecord(record, PENDING, PENDING) === PENDING)
      settleRecord(record, FAILED, this.#refusal() ?? shutDown(this.#name));
    return future;
  }
}

export function notHere(what: string): StateError {
  return new StateError('ERR_POOL_ELSEWHERE', `${what} is for the thread that has made the pool: others can only hand tasks over`);
}
