import { QueueShutDown, Queue } from '../../../queue/index.ts';
import { sharedHeap } from '../../../word/heap.ts';
import { processHeap } from '../../../word/process-heap.ts';
import { Window } from './window.ts';

/** So many messages wait for a manager that is busy, and so many are under way to a program that is. */
const WAITING = 64;
const UNDER_WAY = 256;

/**
 * What a task says by `emit`, on its way to the driver: through a queue that the worker fills, and waits for when it is full, into records, no
 * more of them than the program keeps up with.
 */
export class Sayings {
  /** What the worker puts its messages into. */
  readonly queue: Queue<Buffer>;
  readonly #window = new Window(UNDER_WAY);
  readonly #relayed: Promise<void>;

  constructor(workerType: 'threads' | 'processes', tell: (message: Buffer) => void) {
    this.queue = new Queue<Buffer>({ maxSize: WAITING }, workerType === 'threads' ? sharedHeap() : processHeap());
    this.#relayed = this.#relay(tell);
  }

  async #relay(tell: (message: Buffer) => void): Promise<void> {
    try {
      for (;;) {
        await this.#window.room();
        tell(await this.queue.get());
      }
    } catch (error) {
      if (!(error instanceof QueueShutDown)) throw error;
    }
  }

  /** So many have been heard, in all. */
  heard(total: number): void {
    this.#window.took(total);
  }

  /** The task says nothing more: resolves when all that it has said is on its way. */
  async end(): Promise<void> {
    this.queue.shutdown();
    await this.#relayed;
  }

  /** Nobody wants to hear it any more. */
  drop(): void {
    this.queue.shutdown({ immediate: true });
    this.#window.open();
  }
}
