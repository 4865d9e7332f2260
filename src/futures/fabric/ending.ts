import { type Deadline, NEVER } from '../../base/deadline.ts';
import { sharedHeap } from '../../word/heap.ts';
import { together } from '../future.ts';
import type { Crew } from './crew.ts';
import type { FunctionNumbers } from './function-table.ts';
import { CLOSED, type Fabric, SHUT, SHUT_DOWN } from './layout.ts';
import type { Listener } from './listener.ts';
import type { Load } from './load.ts';
import type { Losses } from './losses.ts';
import type { Mail } from './mail.ts';
import type { Outbox } from './outbox.ts';
import { dropPacked } from './parked.ts';
import type { Slots } from './slots.ts';

export interface EndingParts {
  readonly fabric: Fabric;
  readonly crew: Crew;
  readonly load: Load;
  readonly slots: Slots;
  readonly outbox: Outbox;
  readonly mail: Mail;
  readonly functions: FunctionNumbers;
  readonly losses: Losses;
  readonly listener: Listener;
  /** Blocks until `isDone`, taking results meanwhile, or until the deadline. */
  readonly waitSync: (isDone: () => boolean, deadline: Deadline) => void;
  /** How many results wait for modules, which only the event loop loads. */
  readonly late: () => number;
  readonly whenOver: () => void;
  /** Why nothing runs any more. */
  readonly why: () => Error;
}

/** How a pool ends: its tasks, its threads, its memory. */
export class Ending {
  readonly #parts: EndingParts;
  /** Its threads end when they have nothing to do. */
  isStopping = false;
  /** Its threads are gone, and its memory is given back. */
  isOver = false;

  constructor(parts: EndingParts) {
    this.#parts = parts;
  }

  /** Takes no more, from nobody. */
  shut(): void {
    const { fabric } = this.#parts;
    if (!this.isOver) Atomics.compareExchange(fabric.i32, fabric.base + SHUT, 0, SHUT_DOWN);
  }

  /** Takes back everything that has not begun. */
  cancelQueued(): void {
    together(() => this.#cancelQueued());
  }

  #cancelQueued(): void {
    const { outbox, slots, mail } = this.#parts;
    mail.cancelAll();
    for (const task of outbox.backlog.takeAll()) {
      task.future.cancel();
      dropPacked(task);
    }
    for (const future of slots.futures) future?.cancel();
  }

  /** Ends the workers once everything has run. Resolves then. */
  async stop(): Promise<void> {
    const { load, crew } = this.#parts;
    await load.whenIdle();
    this.close();
    await Promise.all(crew.threads.map((thread) => thread.join()));
    await this.#giveBackMemory();
  }

  /** The same, blocking; false when time was up. */
  stopSync(deadline: Deadline = NEVER): boolean {
    const { load, crew, late, waitSync } = this.#parts;
    const hasRun = (): boolean => load.outstanding <= late();
    waitSync(hasRun, deadline);
    if (!hasRun()) return false;
    this.close();
    for (const thread of crew.threads) if (!thread.joinSync(deadline)) return false;
    void this.#giveBackMemory();
    return true;
  }

  /** Ends the workers at once; `take` sees to what they had in hand, and what they have handed back. */
  async kill(take: () => void): Promise<void> {
    const { threads } = this.#parts.crew;
    const ends = threads.map((thread) => thread.join());
    for (const thread of threads) thread.kill();
    await Promise.all(ends);
    take();
    await this.#giveBackMemory();
  }

  /** Has the workers end when they have nothing to do. */
  close(): void {
    if (this.isStopping) return;
    this.isStopping = true;
    const { fabric, crew } = this.#parts;
    Atomics.store(fabric.i32, fabric.base + CLOSED, 1);
    for (const thread of crew.threads) fabric.wake(thread.number);
  }

  async #giveBackMemory(): Promise<void> {
    const { fabric, crew, load, mail, functions, losses, listener, whenOver, why } = this.#parts;
    await losses.whenLeft();
    for (const thread of crew.threads) crew.remove(thread);
    if (this.isOver) return;
    // The module of a result is being loaded.
    if (load.outstanding > 0) return void load.whenIdle().then(() => this.#giveBackMemory());
    this.isOver = true;
    whenOver();
    mail.failAll(why());
    functions.clear();
    listener.end();
    sharedHeap().release(fabric.block);
  }
}
