/*
 * The first code in the worker that interrupts other threads: it talks to the inspector of the main thread, which reaches every worker,
 * also while the main thread is blocked. Its session stays for a while, so that the next interrupt takes less than a millisecond.
 */
import { Session } from 'node:inspector';
import { parentPort } from 'node:worker_threads';

export interface InterruptRequest {
  /** The worker, by its `threadId`. */
  readonly thread: number;
}

/** A program that ends by an error meanwhile would say that it waits for a debugger. */
const LINGER_MS = 250;
const ATTACH_MS = 1000;
/** Node's own domains are not in the types. */
type Post = (method: string, params?: object, done?: (error: Error | null) => void) => void;
interface Attached {
  readonly params: { readonly sessionId: string; readonly workerInfo: { readonly title: string } };
}

let post: Post | null = null;
let session: Session | null = null;
let close: NodeJS.Timeout | undefined;
const sessions = new Map<number, string>();
const waiting = new Map<number, () => void>();

function connect(): Post {
  session = new Session();
  session.connectToMainThread();
  session.on('NodeWorker.attachedToWorker', (message: unknown) => {
    const { sessionId, workerInfo } = (message as Attached).params;
    const thread = Number(/^(?:\[worker |Worker )(\d+)/.exec(workerInfo.title)?.[1] ?? -1);
    sessions.set(thread, sessionId);
    waiting.get(thread)?.();
  });
  session.on('NodeWorker.detachedFromWorker', (message: unknown) => {
    const gone = (message as { readonly params: { readonly sessionId: string } }).params.sessionId;
    for (const [thread, sessionId] of sessions) if (sessionId === gone) sessions.delete(thread);
  });
  const made = session.post.bind(session) as Post;
  made('NodeWorker.enable', { waitForDebuggerOnStart: false });
  return made;
}

/** Lets go of the main thread. It has to answer before the session may be closed. */
function disconnect(): void {
  const [open, closing] = [post, session];
  post = null;
  session = null;
  sessions.clear();
  open?.('NodeWorker.disable', {}, () => closing?.disconnect());
}

function send(thread: number): void {
  const message = JSON.stringify({ id: 1, method: 'Runtime.terminateExecution' });
  // A worker that has just ended can't be reached, and need not be.
  post!('NodeWorker.sendMessageToWorker', { sessionId: sessions.get(thread), message }, () => {});
}

parentPort!.on('message', ({ thread }: InterruptRequest) => {
  clearTimeout(close);
  post ??= connect();
  close = setTimeout(disconnect, LINGER_MS);
  if (sessions.has(thread)) return send(thread);
  const limit = setTimeout(() => waiting.delete(thread), ATTACH_MS);
  waiting.set(thread, () => {
    waiting.delete(thread);
    clearTimeout(limit);
    send(thread);
  });
});
