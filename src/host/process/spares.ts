import { Child } from './child.ts';
import { forkChild } from './fork/fork-server.ts';
import { sparesWanted } from './spares-wanted.ts';
import type { StartMethod } from './start-method.ts';

/*
 * Starting Node takes 40 ms and more, so after the first process a spare waits for the next one. It is not
 * counted among the living: it lets this process end, and ends with it, for its control channel closes then.
 */
const DELAY_MS = 20;
const spares: Child[] = [];
let refill: NodeJS.Timeout | undefined;

let hasToldOfFallback = false;

function fallBack(why: string): void {
  if (hasToldOfFallback) return;
  hasToldOfFallback = true;
  process.emitWarning(`processes are started by spawn, not by forkserver: ${why}`, {
    type: 'ForkServerWarning',
    code: 'MANYCORE_FORKSERVER',
  });
}

/** A child that can be told what to run: a spare, or a new one. */
export function takeChild(method: StartMethod | null): Child {
  if (method === 'forkserver') {
    const child = forkChild();
    if (typeof child !== 'string') return child;
    fallBack(child);
  }
  const spare = spares.pop();
  if (spares.length < sparesWanted) scheduleRefill();
  if (spare === undefined || spare.exit !== undefined) return Child.launch();
  spare.ref();
  return spare;
}

function scheduleRefill(): void {
  // Not at once: the process that was just started has work to do, and the program may be about to end.
  refill ??= setTimeout(() => {
    refill = undefined;
    try {
      while (spares.length < sparesWanted) spares.push(newSpare());
    } catch {
      // Nobody has asked for it: whoever asks for a process hears why there is none.
    }
  }, DELAY_MS).unref();
}

function newSpare(): Child {
  const child = Child.launch({ isSpare: true });
  child.unref();
  void child.ended.then(() => {
    const at = spares.indexOf(child);
    if (at >= 0) spares.splice(at, 1);
  });
  return child;
}

/** Ends the spares that wait: for tests that count processes. */
export function dismissSpares(): Promise<unknown> {
  clearTimeout(refill);
  refill = undefined;
  return Promise.all(
    spares.splice(0).map((child) => {
      child.ref(); // Somebody waits for its end now.
      child.close();
      return child.ended;
    }),
  );
}
