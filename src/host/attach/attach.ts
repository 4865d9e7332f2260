import { StateError } from '../../base/errors.ts';
import { deferred } from '../../base/deferred.ts';
import { within } from '../../base/within.ts';
import type { InspectorChannel } from '../thread/evaluate.ts';
import { openInspector } from './inspector-port.ts';
import { openTextSocket } from './inspector-socket.ts';

/** The door to a running Node process: what its inspector can do, this can. */
export interface Attached extends InspectorChannel, AsyncDisposable {
  readonly pid: number;
}

type Reply = { readonly id?: number; readonly result?: object; readonly error?: { readonly message: string }; readonly method?: string };

/** A process that runs native code gives no answer; it is not waited for without end. */
const ANSWER = { timeout: 5000 };
/** Closes the inspector once nobody is connected: a process that waited for us to go would stand still. */
const CLOSE = `setTimeout(() => process.getBuiltinModule('inspector').close(), 50).unref()`;

/**
 * Attaches to a Node process of this machine by its number. Nothing has to be prepared there. Rejects with `StateError` when it can't be
 * done, and says why; the process is never ended by it.
 */
export async function attach(pid: number): Promise<Attached> {
  const { webSocketUrl, isOurs } = await openInspector(pid);
  let isOpen = true;
  let last = 0;
  const pending = new Map<number, (error: Error | null, result: object) => void>();
  const listeners = new Set<(message: unknown) => void>();
  const gone = (): StateError => new StateError('ERR_ATTACH', `process ${pid} has ended, or closed its inspector`);
  const closed = deferred<void>();
  const socket = await openTextSocket(webSocketUrl, {
    text(text) {
      const message = JSON.parse(text) as Reply;
      if (message.id === undefined) {
        for (const hear of listeners) hear(message);
        return;
      }
      const done = pending.get(message.id);
      pending.delete(message.id);
      done?.(message.error === undefined ? null : new StateError('ERR_ATTACH', message.error.message), message.result ?? {});
    },
    closed() {
      isOpen = false;
      for (const done of pending.values()) done(gone(), {});
      pending.clear();
      closed.resolve();
    },
  });
  const channel: Attached = {
    pid,
    post(method, params = {}, done = () => {}) {
      if (!isOpen) return done(gone(), {});
      pending.set(++last, done);
      socket.send(JSON.stringify({ id: last, method, params }));
    },
    listen(hear) {
      listeners.add(hear);
      return () => void listeners.delete(hear);
    },
    async [Symbol.asyncDispose]() {
      if (!isOpen) return;
      if (isOurs)
        await within(new Promise<void>((resolve) => channel.post('Runtime.evaluate', { expression: CLOSE }, () => resolve())), ANSWER);
      socket.close();
      await within(closed.promise, ANSWER);
    },
  };
  return channel;
}
