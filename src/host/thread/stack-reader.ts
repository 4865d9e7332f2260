import { Session } from 'node:inspector';
import type { SourceMapping } from 'node:module';

/*
 * How the stacks of other threads are read: Node's inspector lets a session on the main thread talk to all workers, and V8 runs what
 * it is asked at the next moment at which a thread can be interrupted; that is also while it is blocked in Atomics.wait, or in a
 * loop. Nothing is paused, and no debugger is switched on.
 */

/** A place on a stack, as its author wrote it, and the script that runs, where that is another file. */
export type RawFrame = readonly [functionName: string, file: string, line: number, column: number, script: string];
/** For each thread that was asked about: its frames, innermost first, or `null` when it gave no answer in time. */
export type RawStacks = readonly (readonly RawFrame[] | null)[];

/** Runs in the thread that is asked, so it must not need anything from around it, and must leave all as it was. */
function collect(): RawFrame[] {
  const { stackTraceLimit, prepareStackTrace } = Error;
  try {
    Error.stackTraceLimit = 200;
    Error.prepareStackTrace = (_, sites) => sites;
    const sites = new Error('stack').stack as unknown as NodeJS.CallSite[];
    const { findSourceMap } = process.getBuiltinModule('module') as typeof import('node:module');
    return sites.map((site): RawFrame => {
      const type = site.isToplevel() || site.isConstructor() ? null : site.getTypeName();
      const name = site.getFunctionName() ?? '';
      const shown = type === null || type === 'Object' || name === '' || name.includes('.') ? name : `${type}.${name}`;
      const file = site.getFileName() ?? '';
      const [line, column] = [site.getLineNumber() ?? 0, site.getColumnNumber() ?? 0];
      const entry = file === '' ? undefined : (findSourceMap(file)?.findEntry(line - 1, column - 1) as Partial<SourceMapping> | undefined);
      if (entry?.originalSource === undefined) return [shown, file, line, column, file];
      return [shown, entry.originalSource, (entry.originalLine ?? 0) + 1, (entry.originalColumn ?? 0) + 1, file];
    });
  } catch {
    return [];
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
    Error.prepareStackTrace = prepareStackTrace;
  }
}

const QUESTION = { expression: `(${String(collect)})()`, returnByValue: true };

interface Reply {
  readonly id?: number;
  readonly result?: { readonly result?: { readonly value?: readonly RawFrame[] } };
}
interface Notification {
  readonly method: string;
  readonly params: { readonly sessionId: string; readonly message: string; readonly workerInfo: { readonly title: string } };
}
/** Node's own domains are not in the types. */
type Post = (method: string, params?: object, done?: (error: Error | null, result: object) => void) => void;

/** Asks the workers of these numbers, 0 for the main thread, in a session that is connected to the main thread. */
export function readStacks(session: Session, threads: readonly number[], timeout: number): Promise<RawStacks> {
  const post = session.post.bind(session) as Post;
  const found: (readonly RawFrame[] | null)[] = threads.map(() => null);
  return new Promise((resolve) => {
    const finish = (): void => {
      clearTimeout(limit);
      session.removeAllListeners('inspectorNotification');
      // Only once the main thread has answered the last question may the session be closed: it would answer nobody.
      post('NodeWorker.disable', {}, () => resolve(found));
    };
    const limit = setTimeout(finish, timeout);
    let open = threads.length;
    const hear = (i: number, { result }: Reply): void => {
      if (found[i] !== null) return;
      // The two innermost frames are the question itself.
      found[i] = (result?.result?.value ?? []).slice(2);
      if (--open === 0) finish();
    };
    session.on('inspectorNotification', (message: unknown) => {
      const { method, params } = message as Notification;
      if (method === 'NodeWorker.attachedToWorker') {
        const i = threads.indexOf(Number(/^\[worker (\d+)\]/.exec(params.workerInfo.title)?.[1] ?? -1));
        if (i < 0) return;
        const text = JSON.stringify({ id: i + 1, method: 'Runtime.evaluate', params: QUESTION });
        post('NodeWorker.sendMessageToWorker', { sessionId: params.sessionId, message: text });
      } else if (method === 'NodeWorker.receivedMessageFromWorker') {
        const reply = JSON.parse(params.message) as Reply;
        if (reply.id !== undefined) hear(reply.id - 1, reply);
      }
    });
    if (threads.some((thread) => thread !== 0)) post('NodeWorker.enable', { waitForDebuggerOnStart: false });
    const main = threads.indexOf(0);
    if (main >= 0) post('Runtime.evaluate', QUESTION, (_, result) => hear(main, { result }));
  });
}
