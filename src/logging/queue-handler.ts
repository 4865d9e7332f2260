import type { Queue } from '../queue/index.ts';
import { Handler } from './handler.ts';
import { LogRecord } from './record.ts';

type RecordQueue = Pick<Queue<LogRecord | null>, 'put' | 'putNoWait' | 'get'>;

/**
 * Puts records into a queue, to be handled elsewhere by a `QueueListener`: for threads that must not wait for a disk. The message is made
 * here, so arguments need not be able to travel.
 */
export class QueueHandler extends Handler {
  /** Where the records go. */
  readonly queue: RecordQueue;

  constructor(queue: RecordQueue) {
    super();
    this.queue = queue;
  }

  emit(record: LogRecord): void {
    this.queue.putNoWait(record);
  }
}

/** Takes records out of a queue and gives them to handlers, in the event loop of the thread that has started it. */
export class QueueListener {
  /** Where the records come from. */
  readonly queue: RecordQueue;
  /** What each record is given to, in this order. */
  readonly handlers: readonly Handler[];
  /** Whether a handler's level and filters hold here too; without, it gets every record. */
  readonly respectHandlerLevel: boolean;
  #running: Promise<void> | null = null;

  constructor(
    queue: RecordQueue,
    handlers: readonly Handler[],
    { respectHandlerLevel = true }: { readonly respectHandlerLevel?: boolean } = {},
  ) {
    this.queue = queue;
    this.handlers = handlers;
    this.respectHandlerLevel = respectHandlerLevel;
  }

  /** Begins to listen; without effect when it listens. Keeps the process alive until `stop`. */
  start(): void {
    this.#running ??= this.#listen();
  }

  /** Resolves when everything that was put before has been handled. */
  async stop(): Promise<void> {
    if (this.#running === null) return;
    await this.queue.put(null);
    await this.#running;
    this.#running = null;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  async #listen(): Promise<void> {
    for (let record = await this.queue.get(); record !== null; record = await this.queue.get()) {
      for (const handler of this.handlers) {
        if (this.respectHandlerLevel) handler.handle(record);
        else handler.emit(record);
      }
    }
  }
}
