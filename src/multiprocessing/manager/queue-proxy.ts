import { QueueShutDown } from '../../queue/index.ts';
import { BaseProxy } from './proxy.ts';

/** A queue in a manager: `for await (const item of queue)` goes on until it is shut down. */
export class IterableQueueProxy<T = unknown> extends BaseProxy implements AsyncIterable<T> {
  async *[Symbol.asyncIterator](): AsyncGenerator<T> {
    for (;;) {
      try {
        yield (await this.callMethod('get')) as T;
      } catch (error) {
        if (error instanceof QueueShutDown) return;
        throw error;
      }
    }
  }
}
