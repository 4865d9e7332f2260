import type { Session } from 'node:inspector';

/*
 * How other threads are asked: Node's inspector lets a session on the main thread talk to all workers, and V8 runs what it is asked at
 * the next moment at which a thread can be interrupted; that is also while it is blocked in Atomics.wait, or in a loop. Nothing is
 * paused, and no debugger is switched on.
 */
interface Reply {
  readonly id?: number;
  readonly result?: { readonly result?: { readonly value?: unknown } };
}
interface Notification {
  readonly method: string;
  readonly params: { readonly sessionId: string; readonly message: string; readonly workerInfo: { readonly title: string } };
}
/** Node's own domains are not in the types. */
type Post = (method: string, params?: object, done?: (error: Error | null, result: object) => void) => void;

/**
 * Evaluates an expression in the workers of these numbers, 0 for the main thread, or in all workers, over a session that is connected
 * to the main thread. Gives what came in time, by the numbers of the threads.
 */
export function evaluateIn(
  session: Session,
  threads: readonly number[] | 'workers',
  expression: string,
  timeout: number,
): Promise<ReadonlyMap<number, unknown>> {
  const post = session.post.bind(session) as Post;
  const question = { expression, returnByValue: true };
  const found = new Map<number, unknown>();
  const open = new Set<number>(threads === 'workers' ? [] : threads);
  return new Promise((resolve) => {
    let isOver = false;
    const finish = (): void => {
      if (isOver) return;
      isOver = true;
      clearTimeout(limit);
      session.removeAllListeners('inspectorNotification');
      // Only once the main thread has answered the last question may the session be closed: it would answer nobody.
      post('NodeWorker.disable', {}, () => resolve(found));
    };
    const limit = setTimeout(finish, timeout);
    const hear = (thread: number, { result }: Reply): void => {
      if (!open.delete(thread)) return;
      found.set(thread, result?.result?.value);
      if (open.size === 0) finish();
    };
    session.on('inspectorNotification', (message: unknown) => {
      const { method, params } = message as Notification;
      if (method === 'NodeWorker.attachedToWorker') {
        const thread = Number(/^\[worker (\d+)\]/.exec(params.workerInfo.title)?.[1] ?? -1);
        if (threads === 'workers') open.add(thread);
        if (!open.has(thread)) return;
        const text = JSON.stringify({ id: thread, method: 'Runtime.evaluate', params: question });
        post('NodeWorker.sendMessageToWorker', { sessionId: params.sessionId, message: text });
      } else if (method === 'NodeWorker.receivedMessageFromWorker') {
        const reply = JSON.parse(params.message) as Reply;
        if (reply.id !== undefined) hear(reply.id, reply);
      }
    });
    if (open.has(0)) post('Runtime.evaluate', question, (_, result) => hear(0, { result }));
    // The workers that there are have been told of when this is answered.
    if (threads === 'workers' || threads.some((thread) => thread !== 0))
      post('NodeWorker.enable', { waitForDebuggerOnStart: false }, () => void (open.size === 0 && finish()));
  });
}
