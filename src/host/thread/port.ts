import { MessageChannel, MessagePort, parentPort, receiveMessageOnPort } from 'node:worker_threads';
import type { TransferListItem } from 'node:worker_threads';
import { workerOf } from './carrier.ts';

/*
 * What bytes can't carry (ports, SharedArrayBuffers, ArrayBuffers that are given away) goes between a carrier and the thread that made it
 * through a port of their own. It is read when the shared memory says that something has been sent, never by its event.
 */
export interface ParcelPort {
  send(value: unknown, transfer: readonly unknown[]): void;
  /** The next value. Waits for it: it has been sent. */
  receive(): unknown;
  close(): void;
}

function wrap(port: MessagePort): ParcelPort {
  port.unref();
  return {
    send: (value, transfer) => port.postMessage(value, transfer as TransferListItem[]),
    receive: () => {
      for (;;) {
        const received = receiveMessageOnPort(port);
        if (received !== undefined) return received.message;
      }
    },
    close: () => port.close(),
  };
}

/** The maker's end of a new port to a carrier, for whoever asks there for `key`. `null` when the carrier has ended. */
export function portToCarrier(carrier: number, key: number): ParcelPort | null {
  const worker = workerOf(carrier);
  if (worker === undefined) return null;
  const { port1, port2 } = new MessageChannel();
  worker.postMessage({ manycorePort: port2, key }, [port2]);
  return wrap(port1);
}

/** The carrier's end of the port that its maker has made for `key`. Waits for it: it has been made. */
export function portToMaker(key: number): ParcelPort {
  for (;;) {
    const received = receiveMessageOnPort(parentPort!);
    if (received === undefined) continue;
    const message = received.message as { readonly manycorePort?: unknown; readonly key?: unknown } | null;
    // One for somebody who has ended without asking for it is left behind.
    if (message?.manycorePort instanceof MessagePort && message.key === key) return wrap(message.manycorePort);
  }
}
