import type { Session } from 'node:inspector';
import { within } from '../../base/within.ts';

/*
 * How other threads are asked: Node's inspector lets a session on the main thread talk to all workers, and V8 runs what it is asked at
 * the next moment at which a thread can be interrupted; that is also while it is blocked in Atomics.wait, or in a loop. Nothing is
 * paused, and no debugger is switched on.
 */

/** The inspector of a main thread, in this process or in another. */
export interface InspectorChannel {
  post(method: string, params?: object, done?: (error: Error | null, result: object) => void): void;
  /** Hears notifications until what it gives is called. */
  listen(hear: (message: unknown) => void): () => void;
}

/** A session of this process as a channel: Node's own domains are not in the types. */
export function channelOf(session: Session): InspectorChannel {
  return {
    post: session.post.bind(session) as InspectorChannel['post'],
    listen(hear) {
      session.on('inspectorNotification', hear);
      return () => void session.off('inspectorNotification', hear);
    },
  };
}

interface Notification {
  readonly method: string;
  readonly params: { readonly sessionId: string; readonly message: string; readonly workerInfo: { readonly title: string } };
}
interface Reply {
  readonly id?: number;
  readonly result?: object;
  readonly error?: { readonly message: string };
}

/** The threads of a process, by their numbers; 0 is the main thread. Open until `close` has been awaited. */
export class InspectedThreads {
  readonly #channel: InspectorChannel;
  readonly #sessions = new Map<number, string>();
  readonly #titles = new Map<number, string>([[0, 'main']]);
  readonly #pending = new Map<number, (reply: Reply) => void>();
  readonly #deafen: () => void;
  /** Questions to workers that are still to begin. */
  readonly #early = new Map<number, (() => void)[]>();
  #hasWorkers = false;
  #last = 0;

  constructor(channel: InspectorChannel) {
    this.#channel = channel;
    this.#deafen = channel.listen((message) => this.#hear(message as Notification));
  }

  #hear({ method, params }: Notification): void {
    if (method === 'NodeWorker.attachedToWorker') {
      const [, number, title = ''] = /^\[worker (\d+)\] ?(.*)$/.exec(params.workerInfo.title) ?? [];
      if (number === undefined) return;
      this.#sessions.set(Number(number), params.sessionId);
      this.#titles.set(Number(number), title);
      for (const ask of this.#early.get(Number(number)) ?? []) ask();
      this.#early.delete(Number(number));
    } else if (method === 'NodeWorker.receivedMessageFromWorker') {
      const reply = JSON.parse(params.message) as Reply;
      if (reply.id === undefined) return;
      const done = this.#pending.get(reply.id);
      this.#pending.delete(reply.id);
      done?.(reply);
    } else if (method === 'NodeWorker.detachedFromWorker') {
      for (const [number, session] of this.#sessions) if (session === params.sessionId) this.#sessions.delete(number);
    }
  }

  /** Finds the workers that there are. */
  findWorkers(): Promise<void> {
    this.#hasWorkers = true;
    return new Promise((resolve) => this.#channel.post('NodeWorker.enable', { waitForDebuggerOnStart: false }, () => resolve()));
  }

  get numbers(): number[] {
    return [0, ...this.#sessions.keys()];
  }
  titleOf(thread: number): string {
    return this.#titles.get(thread) ?? '';
  }

  /** Asks one thread; gives its answer, or `undefined` when it refuses. Pending as long as it gives none. */
  ask(thread: number, method: string, params: object = {}): Promise<object | undefined> {
    return new Promise((resolve) => {
      if (thread === 0) {
        this.#channel.post(method, params, (error, result) => resolve(error === null ? result : undefined));
        return;
      }
      const send = (): void => {
        const sessionId = this.#sessions.get(thread);
        const id = ++this.#last;
        this.#pending.set(id, ({ result }) => resolve(result));
        this.#channel.post('NodeWorker.sendMessageToWorker', { sessionId, message: JSON.stringify({ id, method, params }) });
      };
      if (this.#sessions.has(thread)) send();
      else this.#early.set(thread, [...(this.#early.get(thread) ?? []), send]);
    });
  }

  async evaluate(thread: number, expression: string): Promise<unknown> {
    const answer = await this.ask(thread, 'Runtime.evaluate', { expression, returnByValue: true });
    return (answer as { result?: { value?: unknown } } | undefined)?.result?.value;
  }

  /** Only once the main thread has answered the last question may its session be closed: it would answer nobody. */
  close(): Promise<void> {
    this.#deafen();
    if (!this.#hasWorkers) return Promise.resolve();
    return new Promise((resolve) => this.#channel.post('NodeWorker.disable', {}, () => resolve()));
  }
}

/**
 * Evaluates an expression in the workers of these numbers, 0 for the main thread, or in all workers, over a channel to the main
 * thread. Gives what came in time, by the numbers of the threads.
 */
export async function evaluateIn(
  channel: InspectorChannel,
  wanted: readonly number[] | 'workers',
  expression: string,
  timeout: number,
): Promise<ReadonlyMap<number, unknown>> {
  const threads = new InspectedThreads(channel);
  const found = new Map<number, unknown>();
  const ask = async (thread: number): Promise<void> => void found.set(thread, await threads.evaluate(thread, expression));
  const asked = async (): Promise<void> => {
    const main = wanted !== 'workers' && wanted.includes(0) ? ask(0) : undefined;
    if (wanted === 'workers' || wanted.some((thread) => thread !== 0)) await threads.findWorkers();
    const workers = wanted === 'workers' ? threads.numbers.filter((thread) => thread !== 0) : wanted.filter((thread) => thread !== 0);
    await Promise.all([main, ...workers.map(ask)]);
  };
  await within(asked(), { timeout });
  await threads.close();
  return found;
}
