/*
 * The first code in the worker that interrupts other threads: it talks to the inspector of the main thread, which reaches every worker,
 * also while the main thread is blocked. Its session stays for a while, so that the next interrupt takes less than a millisecond.
 */
import { Session } from 'node:inspector';
import { parentPort } from 'node:worker_threads';

export interface InterruptRequest {
  /** The worker, by its `threadId`. */
  readonly thread: number;
  /** Becomes 1 when it has been told, or can't be. */
  readonly told: Int32Array;
}

/** A program that ends by an error meanwhile would say that it waits for a debugger. */
const LINGER_MS = 250;
/** A thread that has ended is never attached. */
const ATTACH_MS = 10_000;
/** Node's own domains are not in the types. */
type Post = (method: string, params?: object, done?: (error: Error | null) => void) => void;
interface Attached {
  readonly params: { readonly sessionId: string; readonly workerInfo: { readonly title: string } };
}

/** The session that is open, and what it calls each worker: another session calls them otherwise. */
interface Connection {
  readonly session: Session;
  readonly post: Post;
  readonly workers: Map<number, string>;
}

let connection: Connection | null = null;
let close: NodeJS.Timeout | undefined;
const waiting = new Set<{ readonly thread: number; readonly tell: () => void }>();

function connect(): Connection {
  const session = new Session();
  const workers = new Map<number, string>();
  session.connectToMainThread();
  session.on('NodeWorker.attachedToWorker', (message: unknown) => {
    const { sessionId, workerInfo } = (message as Attached).params;
    const thread = Number(/^(?:\[worker |Worker )(\d+)/.exec(workerInfo.title)?.[1] ?? -1);
    workers.set(thread, sessionId);
    if (connection?.session === session) for (const one of waiting) if (one.thread === thread) one.tell();
  });
  session.on('NodeWorker.detachedFromWorker', (message: unknown) => {
    const gone = (message as { readonly params: { readonly sessionId: string } }).params.sessionId;
    for (const [thread, sessionId] of workers) if (sessionId === gone) workers.delete(thread);
  });
  const post = session.post.bind(session) as Post;
  connection = { session, post, workers };
  post('NodeWorker.enable', { waitForDebuggerOnStart: false });
  return connection;
}

/** Lets go of the main thread. It has to answer before the session may be closed. */
function disconnect(): void {
  // On a busy machine it takes longer until a worker is attached.
  if (waiting.size > 0) return void (close = setTimeout(disconnect, LINGER_MS));
  const closing = connection;
  connection = null;
  closing?.post('NodeWorker.disable', {}, () => closing.session.disconnect());
}

/**
 * Runs in the thread that is interrupted, where it stands: when Node is loading one of its own modules there, for a global that is used for the first
 * time, no other code can tell afterwards that this has been cut short.
 */
function note(): void {
  const { stackTraceLimit, prepareStackTrace } = Error;
  try {
    Error.stackTraceLimit = 100;
    Error.prepareStackTrace = (_, sites) => sites.some((site) => site.getFileName() === 'node:internal/bootstrap/realm');
    const isLoading = new Error('where').stack as unknown;
    if (isLoading === true) Object.defineProperty(globalThis, Symbol.for('manycore.interrupted-in-node'), { value: true });
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
    Error.prepareStackTrace = prepareStackTrace;
  }
}
const NOTE = JSON.stringify({ id: 1, method: 'Runtime.evaluate', params: { expression: `(${String(note)})()`, silent: true } });
const TERMINATE = JSON.stringify({ id: 2, method: 'Runtime.terminateExecution' });

function send({ thread, told }: InterruptRequest, { post, workers }: Connection): void {
  const sessionId = workers.get(thread);
  post('NodeWorker.sendMessageToWorker', { sessionId, message: NOTE });
  // A worker that has just ended can't be reached, and need not be.
  post('NodeWorker.sendMessageToWorker', { sessionId, message: TERMINATE }, () => Atomics.store(told, 0, 1));
}

parentPort!.on('message', (request: InterruptRequest) => {
  clearTimeout(close);
  const open = connection ?? connect();
  close = setTimeout(disconnect, LINGER_MS);
  if (open.workers.has(request.thread)) return send(request, open);
  const end = (then: () => void): void => {
    clearTimeout(limit);
    waiting.delete(one);
    then();
  };
  const one = { thread: request.thread, tell: () => end(() => send(request, connection!)) };
  const limit = setTimeout(() => end(() => Atomics.store(request.told, 0, 1)), ATTACH_MS);
  waiting.add(one);
});
