import { drop } from '../../message/index.ts';
import { sharedHeap } from '../../word/heap.ts';
import { CANCELLED, FAILED, moveRecord, PENDING, RUNNING, settleRecord } from '../future-record.ts';
import { hasTask, Inbox, takeTask } from './inbox.ts';
import { type Fabric, INBOX } from './layout.ts';
import { MailInHand } from './mail-in-hand.ts';
import type { PoolThread } from './pool-thread.ts';

/** What the owner of a pool sees to of the tasks that other threads have handed over. Its workers run them without asking it. */
export class Mail {
  readonly #fabric: Fabric;
  #found: Inbox | null = null;

  constructor(fabric: Fabric) {
    this.#fabric = fabric;
  }

  get #inbox(): Inbox | null {
    const { i32, base } = this.#fabric;
    if (this.#found === null && Atomics.load(i32, base + INBOX) !== 0) this.#found = Inbox.find(this.#fabric);
    return this.#found;
  }

  /** Whether tasks wait that no worker has taken. */
  get isWaiting(): boolean {
    return (this.#inbox?.size ?? 0) > 0;
  }

  /** No worker will run what waits: it fails. */
  failAll(error: unknown): void {
    this.#takeAll((record) => settleRecord(record, FAILED, error));
  }

  cancelAll(): void {
    this.#takeAll((record) => moveRecord(record, PENDING, CANCELLED));
  }

  #takeAll(end: (record: number) => void): void {
    const inbox = this.#inbox;
    if (inbox === null) return;
    for (let record = inbox.take(() => {}); record !== 0; record = inbox.take(() => {})) this.#end(record, end);
  }

  /** A worker has died: what it had begun fails, and what it had only taken goes to the others. */
  bury(worker: PoolThread, error: unknown): void {
    const inbox = this.#inbox;
    if (inbox === null) return;
    // One that it was just taking may be found twice.
    const records = new Set([...new MailInHand(this.#fabric, worker.number).all, ...inbox.reclaim(worker.id)]);
    for (const record of records) {
      const isNew = hasTask(record);
      if (isNew) moveRecord(record, RUNNING, PENDING);
      if (isNew && inbox.put(record)) {
        sharedHeap().release(record);
        this.#fabric.wakeOne(this.#fabric.workers);
      } else this.#end(record, () => settleRecord(record, FAILED, error));
    }
  }

  #end(record: number, end: (record: number) => void): void {
    end(record);
    const { message } = takeTask(record);
    if (message !== 0) drop(message);
    // It may have been settled by one that died before it woke those who wait.
    Atomics.notify(sharedHeap().i32, record / 4);
    sharedHeap().release(record);
  }
}
