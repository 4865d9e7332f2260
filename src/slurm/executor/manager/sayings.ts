import { inspect } from 'node:util';
import { Queue, QueueShutDown } from '../../../queue/index.ts';
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
      // What has ended the worker may have hit the queue as well: the task ends all the same.
      if (!(error instanceof QueueShutDown)) process.stderr.write(`what a task says can't be heard any more: ${inspect(error)}\n`);
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
