import { inspect } from 'node:util';
import { writeAll } from '../../../host/thread/output.ts';
import { TaskStream } from '../../../futures/task-stream.ts';
import { CODE } from '../../channel/codes.ts';

/** How many values of a stream, and how many messages, are confirmed together: fewer than may be under way. */
const TAKEN_EVERY = 8;
const HEARD_EVERY = 32;

/** What a task says and yields while it runs, as it comes to the program, which tells how far it has come with it. */
export class Inflow {
  readonly #onMessage: ((message: never) => void) | undefined;
  readonly #title: string;
  readonly #tell: (code: number, more: number) => void;
  #heard = 0;
  #taken = 0;
  #stream: TaskStream | null = null;

  constructor(onMessage: ((message: never) => void) | undefined, title: string, tell: (code: number, more: number) => void) {
    this.#onMessage = onMessage;
    this.#title = title;
    this.#tell = tell;
  }

  /** It is what the future has given: what happens to the task is told by it from now on. */
  get isStreaming(): boolean {
    return this.#stream !== null;
  }

  said(read: () => unknown): void {
    try {
      this.#onMessage?.(read() as never);
    } catch (error) {
      writeAll(2, Buffer.from(`onMessage of a task of ${this.#title} failed: ${inspect(error)}\n`));
    }
    if (++this.#heard % HEARD_EVERY === 0) this.#tell(CODE.heard, HEARD_EVERY);
  }

  /** It begins to yield. */
  open(): TaskStream {
    return (this.#stream = new TaskStream({
      taken: () => {
        if (++this.#taken % TAKEN_EVERY === 0) this.#tell(CODE.taken, TAKEN_EVERY);
      },
      stop: () => this.#tell(CODE.stop, 0),
    }));
  }

  yielded(value: unknown): void {
    this.#stream?.push(value);
  }

  finish(hasFailed: boolean, error: unknown): void {
    this.#stream?.finish(hasFailed, error);
  }
}
