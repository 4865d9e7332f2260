import { MessageChannel, type MessagePort, receiveMessageOnPort, type TransferListItem, Worker, workerData } from 'node:worker_threads';
import { copyHere } from '../../base/copy.ts';
import { type Deadline, NEVER, remaining } from '../../base/deadline.ts';
import { mainModule } from '../../message/closures/index.ts';
import { sharedHeap } from '../../word/heap.ts';
import { beginning } from '../beginning.ts';
import { withFlags } from './flags.ts';
import { ownWorkers } from './own-workers.ts';

/*
 * A worker that serves the thread that has made it, and is no Thread of the program: it goes on while its maker is blocked, and its maker may
 * block for what it says. The bell counts what the service has said: its maker sleeps on it.
 */
interface ServiceData {
  readonly copy: string;
  readonly heap: SharedArrayBuffer;
  readonly manycoreMain: string;
  readonly port: MessagePort;
  readonly bell: Int32Array<SharedArrayBuffer>;
  readonly data: unknown;
}

/** The maker's end of a service. */
export class Service {
  /** Resolves when the worker has ended, with the error that ended it, if one did. Never rejects. */
  readonly ended: Promise<Error | null>;
  /** Called with what the service says, unless it is received by blocking. */
  onMessage: (message: unknown) => void = () => {};
  readonly #port: MessagePort;
  readonly #bell: Int32Array<SharedArrayBuffer>;
  readonly #worker: Worker;
  #isOver = false;

  /** Starts a service: `module` is its first module. It does not keep the process alive until `ref` is called. */
  constructor(module: URL, name: string, data: unknown) {
    const main = beginning(module);
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    this.#bell = new Int32Array(new SharedArrayBuffer(4));
    const workerData: ServiceData = {
      copy: copyHere,
      heap: sharedHeap().buffer,
      manycoreMain: mainModule(),
      port: port2,
      bell: this.#bell,
      data,
    };
    this.#worker = withFlags((flags) => new Worker(main, { name, workerData, transferList: [port2], trackUnmanagedFds: false, ...flags }));
    ownWorkers.add(this.#worker);
    let failure: Error | null = null;
    this.ended = new Promise((resolve) => {
      this.#worker.once('error', (error) => void (failure = error as Error));
      this.#worker.once('exit', () => {
        this.#isOver = true;
        resolve(failure);
        port1.close();
      });
    });
    this.#worker.unref();
    port1.on('message', (message: unknown) => this.onMessage(message));
    port1.unref();
  }

  send(message: unknown, transfer: readonly ArrayBuffer[] = []): void {
    this.#port.postMessage(message, transfer as TransferListItem[]);
  }

  /** Waits by blocking for the next message; `undefined` when none came in time. */
  receiveSync(deadline: Deadline): unknown {
    for (;;) {
      const seen = Atomics.load(this.#bell, 0);
      const received = receiveMessageOnPort(this.#port);
      if (received !== undefined) return received.message as unknown;
      if (this.#isOver || Atomics.wait(this.#bell, 0, seen, deadline === NEVER ? undefined : remaining(deadline)) === 'timed-out')
        return undefined;
    }
  }

  ref(): void {
    this.#port.ref();
  }

  unref(): void {
    this.#port.unref();
  }

  /** Waits until the worker has ended; meanwhile the process goes on. */
  async gone(): Promise<void> {
    if (!this.#isOver) this.#worker.ref();
    await this.ended;
  }

  /** Ends the worker, wherever it is. */
  async terminate(): Promise<void> {
    await this.#worker.terminate();
  }
}

/** The service's end. */
export interface ServiceEnd {
  readonly data: unknown;
  send(message: unknown, transfer?: readonly ArrayBuffer[]): void;
  onMessage(hear: (message: unknown) => void): void;
  /** Says nothing more, and hears nothing: the worker ends when nothing else goes on in it. */
  close(): void;
}

/** The end of the service that this thread is. */
export function serviceEnd(): ServiceEnd {
  const { port, bell, data } = workerData as ServiceData;
  return {
    data,
    send(message, transfer = []) {
      port.postMessage(message, transfer as TransferListItem[]);
      Atomics.add(bell, 0, 1);
      Atomics.notify(bell, 0);
    },
    onMessage: (hear) => void port.on('message', hear),
    close: () => port.close(),
  };
}
