import { MessageChannel, MessagePort, parentPort, receiveMessageOnPort } from 'node:worker_threads';
import type { TransferListItem } from 'node:worker_threads';
import { workerOf } from './carrier.ts';

/*
 * Two ports between a carrier and the thread that made it, for whoever works there under a `key`.
 *
 * Parcels: what bytes can't carry (ports, SharedArrayBuffers, ArrayBuffers that are given away). They are read when the shared memory says
 * that something has been sent, never by an event.
 * Calls: words that the carrier's event loop is to hear.
 */
export interface Ports {
  sendParcels(value: unknown, transfer: readonly unknown[]): void;
  /** The next parcels. Waits for them: they have been sent. */
  receiveParcels(): unknown;
  call(word: number): void;
  onCall(hear: (word: number) => void): void;
  close(): void;
}

interface Offer {
  readonly manycorePorts?: readonly [MessagePort, MessagePort];
  readonly key?: number;
}

function wrap(parcels: MessagePort, calls: MessagePort): Ports {
  parcels.unref();
  calls.unref();
  return {
    sendParcels: (value, transfer) => parcels.postMessage(value, transfer as TransferListItem[]),
    receiveParcels: () => {
      for (;;) {
        const received = receiveMessageOnPort(parcels);
        if (received === undefined) continue;
        letGoOfBuffers();
        return received.message;
      }
    },
    call: (word) => calls.postMessage(word),
    onCall: (hear) => {
      calls.on('message', hear);
      calls.unref();
    },
    close: () => {
      parcels.close();
      calls.close();
    },
  };
}

/**
 * V8 adds up the ArrayBuffers that a port brings, but only when its thread makes one itself it looks whether there are so many that those which nobody has
 * any more should go. Until then some hundred megabytes are kept, and what comes next takes memory that was never touched.
 */
function letGoOfBuffers(): void {
  void new ArrayBuffer(1);
}

/** The maker's ends of new ports to a carrier. `null` when the carrier has ended. */
export function portsToCarrier(carrier: number, key: number): Ports | null {
  const worker = workerOf(carrier);
  if (worker === undefined) return null;
  const [parcels, calls] = [new MessageChannel(), new MessageChannel()];
  const offer: Offer = { manycorePorts: [parcels.port2, calls.port2], key };
  worker.postMessage(offer, [parcels.port2, calls.port2]);
  return wrap(parcels.port1, calls.port1);
}

/** The carrier's ends of the ports that its maker makes for `key`. Waits for them. */
export function portsToMaker(key: number): Ports {
  for (;;) {
    const received = receiveMessageOnPort(parentPort!);
    const offer = received?.message as Offer | null | undefined;
    // Some for somebody who has ended without asking for them are left behind.
    if (offer?.manycorePorts !== undefined && offer.key === key) return wrap(...offer.manycorePorts);
  }
}

let ownChannel: MessageChannel | undefined;

/** Takes what is given away out of the program's hands: as if it had been sent to this thread. What then can be sent, and given away, in its place. */
export function takeOver(
  parcels: readonly unknown[],
  transfer: readonly unknown[],
): { readonly parcels: readonly unknown[]; readonly transfer: readonly unknown[] } {
  // Without a listener it keeps nothing alive.
  const { port1, port2 } = (ownChannel ??= new MessageChannel());
  port1.postMessage({ parcels, transfer }, transfer as TransferListItem[]);
  return receiveMessageOnPort(port2)!.message as { parcels: unknown[]; transfer: unknown[] };
}

/** Calls `run` later, from the event of a port: what is called from there can be interrupted. Gives the way to ask for that, and to end it. */
export function callFromPort(run: () => void): { readonly ask: () => void; readonly close: () => void } {
  const { port1, port2 } = new MessageChannel();
  port1.on('message', run).unref();
  port2.unref();
  return { ask: () => port2.postMessage(0), close: () => port1.close() };
}
