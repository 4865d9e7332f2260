import { Future as ExecutorFuture } from '../futures/future.ts';
import { SimpleQueue } from '../queue/simple-queue.ts';
import { sharedHeap } from '../word/heap.ts';
import { type Handle as SharedHandle, handle, own, registerKind, type Shareable } from '../word/shareable.ts';
import { cancelledBy } from './cancelled.ts';
import { type Coroutine, mustBeCoroutine } from './coroutine.ts';
import { outside } from './current.ts';
import { CANCELLED, DONE } from './future.ts';
import { createTask } from './task.ts';

type Call = readonly [callback: (...args: unknown[]) => unknown, args: readonly unknown[]];

/** What other threads can do with a loop. */
export interface Threadsafe {
  /** Calls `callback(...args)` soon in the loop's thread, which is woken. From another thread, both are copied, and the loop must be in use there by a `run`. */
  callSoonThreadsafe<A extends readonly unknown[]>(callback: (...args: A) => unknown, ...args: A): unknown;
}

/** The loop of another thread. */
class RemoteLoop implements Threadsafe, Shareable {
  readonly #offset: number;
  readonly #inbox: SimpleQueue<Call>;

  constructor(offset: number, inbox: SimpleQueue<Call>) {
    this.#offset = offset;
    this.#inbox = inbox;
  }

  callSoonThreadsafe<A extends readonly unknown[]>(callback: (...args: A) => unknown, ...args: A): void {
    this.#inbox.putNoWait([callback as never, args]);
  }

  [handle](): SharedHandle {
    return { kind: 'event-loop', offset: this.#offset, extra: this.#inbox };
  }
}
registerKind('event-loop', (offset, inbox) => new RemoteLoop(offset, inbox as SimpleQueue<Call>), import.meta.url);

/*
 * What other threads want called is in a queue that they share. It is made when the loop is first sent to one of them, and read while a
 * `run` of this thread goes on: a wait for it keeps the process alive.
 */
let box: { readonly offset: number; readonly inbox: SimpleQueue<Call> } | null = null;
let users = 0;
let serving: AbortController | null = null;
let accept: (callback: Call[0], args: readonly unknown[]) => void = () => {};

/** How this thread's loop goes to another one. */
export function shareLoop(loop: object, call: typeof accept): SharedHandle {
  if (box === null) {
    accept = call;
    box = { offset: sharedHeap().allocate(16), inbox: new SimpleQueue<Call>() };
    own('event-loop', loop, box.offset);
    serve();
  }
  return { kind: 'event-loop', offset: box.offset, extra: box.inbox };
}

/** A `run` begins, or ends. */
export function useLoop(change: 1 | -1): void {
  users += change;
  serve();
}

function serve(): void {
  if (users > 0 && box !== null && serving === null) {
    serving = new AbortController();
    const { signal } = serving;
    void outside(() => readInbox(box!.inbox, signal));
  } else if (users === 0 && serving !== null) {
    serving.abort();
    serving = null;
  }
}

async function readInbox(inbox: SimpleQueue<Call>, signal: AbortSignal): Promise<void> {
  for (;;) {
    let call: Call;
    try {
      call = await inbox.get({ signal });
    } catch (error) {
      if (signal.aborted) return;
      throw error;
    }
    accept(...call);
  }
}

/**
 * Runs a function as a task of a loop, also of another thread's, and gives a future of executors: to be awaited, or waited for by `resultSync`.
 * Cancelling it cancels the task. From another thread the function is copied.
 */
export function runCoroutineThreadsafe<T>(fn: Coroutine<T>, loop: Threadsafe): ExecutorFuture<T> {
  mustBeCoroutine(fn, 'runCoroutineThreadsafe');
  if (typeof (loop as Threadsafe | undefined)?.callSoonThreadsafe !== 'function')
    throw new TypeError(
      `runCoroutineThreadsafe takes a loop after the function: got ${typeof loop}. Take getEventLoop() in the thread that is to run it, and send it here`,
    );
  const future = new ExecutorFuture<T>();
  loop.callSoonThreadsafe(startFor<T>, fn, future);
  return future;
}

/** In the loop's thread: runs the function, and tells the future how it ended. */
export function startFor<T>(fn: Coroutine<T>, future: ExecutorFuture<T>): void {
  if (future.cancelled) return;
  const task = createTask(fn);
  future.addDoneCallback(() => {
    if (future.cancelled) task.cancel();
  });
  task.addDoneCallback(() => {
    if (future.done) return;
    if (task.state === CANCELLED) {
      if (!future.cancel()) future.setException(cancelledBy(undefined));
    } else if (task.state === DONE) future.setResult(task.result());
    else future.setException(task.exception());
  });
}
