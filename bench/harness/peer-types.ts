/*
 * As much of the peers' interfaces as is used here: they are not installed when this is compiled.
 */
export interface AsyncMutexModule {
  readonly Mutex: new () => { acquire(): Promise<() => void> };
}

interface Guard extends Disposable {
  readonly value: Int32Array;
  dispose(): void;
}

export interface MultithreadingModule {
  readonly Mutex: new (value: Int32Array) => { blockingLock(): Guard; lock(): Promise<Guard> };
  readonly Condvar: new () => { blockingWait(guard: Guard): void; notifyOne(): void };
  readonly channel: <T>(capacity?: number) => [Sender<T>, Receiver<T>];
  readonly move: (...values: unknown[]) => unknown;
  readonly spawn: {
    (moved: unknown, task: (...values: never[]) => unknown): { join(): Promise<unknown> };
    (task: () => unknown): { join(): Promise<unknown> };
  };
  readonly shutdown: () => void;
}
export interface Sender<T> {
  blockingSend(value: T): unknown;
}
export interface Receiver<T> {
  blockingRecv(): { readonly ok: boolean; readonly value: T };
}

export interface ExecaModule {
  readonly execa: (file: string, args: readonly string[], options?: object) => ExecaProcess;
}
interface ExecaProcess extends PromiseLike<unknown>, AsyncIterable<string> {
  pipe(file: string, args: readonly string[], options?: object): ExecaProcess;
}
export interface ZxModule {
  readonly $: (strings: TemplateStringsArray) => { quiet(): PromiseLike<unknown> };
}
export interface NanoSpawnModule {
  readonly default: (file: string, args: readonly string[]) => PromiseLike<unknown>;
}
export interface TinyexecModule {
  readonly x: (file: string, args: readonly string[]) => PromiseLike<unknown>;
}
