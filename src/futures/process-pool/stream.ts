import { QueueShutDown } from '../../queue/errors.ts';
import { Queue } from '../../queue/queue.ts';
import type { Heap } from '../../word/heap.ts';
import { iteratorOf, type Stream } from '../fabric/stream.ts';
import { TaskStream } from '../task-stream.ts';
import { describeThrown } from '../describe-thrown.ts';
import { arrived } from './remote-error.ts';

/*
 * The values that a task in another process yields: they go through a bounded queue in shared memory, which the worker makes, and gives as the
 * task's outcome. Who reads no more shuts it down, and so does the death of the worker, after what it had yielded.
 */
const AHEAD = 16;

const VALUE = 0;
const END = 1;
const FAILURE = 2;
export type Yielded = readonly [kind: number, value?: unknown];

/** In the worker: where a stream goes. */
export const newStream = (heap: Heap): Queue<Yielded> => new Queue<Yielded>({ maxSize: AHEAD }, heap);

/** In the worker: puts the values of a stream until it ends, or nobody reads it any more. Never rejects. */
export async function sendStream(values: Queue<Yielded>, stream: Stream): Promise<void> {
  const iterator = iteratorOf(stream);
  try {
    for (let next = await iterator.next(); next.done !== true; next = await iterator.next()) {
      try {
        await values.put([VALUE, next.value]);
      } catch (error) {
        await iterator.return?.(undefined);
        throw error;
      }
    }
    await values.put([END]);
  } catch (error) {
    if (!(error instanceof QueueShutDown)) await tell(values, error);
  }
}

async function tell(values: Queue<Yielded>, error: unknown): Promise<void> {
  for (const said of [() => error, () => describeThrown(error)]) {
    try {
      await values.put([FAILURE, said()]);
      return;
    } catch (refused) {
      // The next attempt is more modest.
      if (refused instanceof QueueShutDown) return;
    }
  }
  values.shutdown();
}

/** The owner's side of a stream. */
export class IncomingStream {
  readonly stream: TaskStream;
  readonly #values: Queue<Yielded>;
  readonly #where: string;
  readonly #onEnd: () => void;
  #room = AHEAD;
  #wake: (() => void) | null = null;
  #loss: { readonly error: unknown } | null = null;

  constructor(values: Queue<Yielded>, where: string, onEnd: () => void) {
    this.#values = values;
    this.#where = where;
    this.#onEnd = onEnd;
    this.stream = new TaskStream({
      taken: () => {
        this.#room++;
        this.#wake?.();
      },
      stop: () => this.stop(),
    });
    void this.#receive();
  }

  /** Nobody reads it: the task is to end. */
  stop(): void {
    this.#values.shutdown({ immediate: true });
    this.#room = AHEAD;
    this.#wake?.();
  }

  /** Its worker has died, or is ended for its sake: what had been yielded comes, and then the error that was the first to come. */
  workerGone(error: unknown): void {
    this.#loss ??= { error };
    this.#values.shutdown();
  }

  async #receive(): Promise<void> {
    try {
      for (;;) {
        while (this.#room <= 0) await new Promise<void>((resolve) => (this.#wake = resolve));
        this.#wake = null;
        const [kind, value] = await this.#values.get();
        if (kind !== VALUE) {
          this.stream.finish(kind === FAILURE, kind === FAILURE ? arrived(value, this.#where) : undefined);
          break;
        }
        this.#room--;
        this.stream.push(value);
      }
    } catch (error) {
      const isOver = error instanceof QueueShutDown;
      if (!isOver) this.stop();
      this.stream.finish(!isOver || this.#loss !== null, isOver ? this.#loss?.error : error);
    }
    this.#onEnd();
  }
}
