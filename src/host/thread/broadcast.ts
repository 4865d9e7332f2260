import { BroadcastChannel } from 'node:worker_threads';

/** What a thread says to all others of its process that have joined under the same name. It keeps no process alive. */
export interface Broadcast<T> {
  send(message: T): void;
}

/** Joins: hears what the others say from now on. */
export function joinBroadcast<T>(name: string, hear: (message: T) => void): Broadcast<T> {
  const channel = new BroadcastChannel(name);
  channel.addEventListener('message', (event: unknown) => hear((event as { readonly data: T }).data));
  channel.unref();
  return { send: (message) => channel.postMessage(message) };
}
