import { inspect } from 'node:util';
import { writeAll } from '../../host/thread/output.ts';
import { nameExports, reduce } from '../../message/closures/index.ts';
import { QueueEmpty, QueueShutDown } from '../../queue/errors.ts';
import { Queue } from '../../queue/queue.ts';
import { processHeap } from '../../word/process-heap.ts';
import { runListened } from '../fabric/task.ts';

/*
 * What tasks in other processes say by `emit`: it goes through a queue in shared memory. The owner looks into it whenever it looks for outcomes, so
 * that all that a task has said is heard before its result.
 */
type AnyFunction = (...args: never[]) => unknown;

/** In a worker: wakes the owner of its pool, who may sleep. */
export const ownerHere: { wake: () => void } = { wake: () => {} };

/** @internal A function whose messages go into `messages`; it travels as what it is made from. */
export function listened(messages: Queue, fn: AnyFunction): AnyFunction {
  const send = (message: unknown): void => {
    messages.putSync(message);
    ownerHere.wake();
  };
  const bound = (...args: never[]): unknown => runListened(send, () => fn(...args));
  return Object.defineProperties(bound, {
    name: { value: fn.name, configurable: true },
    [reduce]: { value: () => [listened, [messages, fn]] },
  });
}
nameExports(import.meta.url, { listened });

/** The owner's side: the function to hand over, and what hears its messages so far. It says whether there were any. */
export function listenTo(
  fn: AnyFunction,
  onMessage: (message: never) => void,
  title: string,
): { readonly fn: AnyFunction; readonly hear: () => boolean } {
  const messages = new Queue<never>({}, processHeap());
  const next = (): boolean => {
    try {
      onMessage(messages.getNoWait());
    } catch (error) {
      if (error instanceof QueueEmpty || error instanceof QueueShutDown) return false;
      writeAll(2, Buffer.from(`onMessage of a task of ${title} failed: ${inspect(error)}\n`));
    }
    return true;
  };
  return {
    fn: listened(messages, fn),
    hear() {
      let heard = 0;
      while (!messages.isEmpty && next()) heard++;
      return heard > 0;
    },
  };
}
