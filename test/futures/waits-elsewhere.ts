import type { Future } from '../../src/futures/index.ts';
import { Event, Thread } from '../../src/threading/index.ts';

/** Has another thread wait for a future; what is given is set when it has seen its end. */
export function waitsElsewhere(future: Future): Event {
  const seen = new Event();
  const thread = new Thread({
    target: (one: Future, given: Event) => {
      one.exceptionSync();
      given.set();
    },
    args: [future, seen],
  });
  thread.start();
  return seen;
}
