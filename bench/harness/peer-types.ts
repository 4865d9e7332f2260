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
type ZxShell = (strings: TemplateStringsArray, ...values: readonly unknown[]) => ZxProcess;
interface ZxProcess extends PromiseLike<unknown>, AsyncIterable<string> {
  quiet(): ZxProcess;
  pipe(next: ZxProcess): ZxProcess;
}
export interface ZxModule {
  readonly $: ZxShell & ((options: { readonly input: Buffer; readonly quiet: true }) => ZxShell);
}
interface OtherProcess extends PromiseLike<unknown>, AsyncIterable<string> {
  pipe(file: string, args?: readonly string[]): OtherProcess;
}
export interface NanoSpawnModule {
  readonly default: (file: string, args: readonly string[], options?: { readonly stdin: { readonly string: string } }) => OtherProcess;
}
export interface TinyexecModule {
  readonly x: (file: string, args: readonly string[], options?: { readonly stdin: string }) => OtherProcess;
}

export interface PLimitModule {
  readonly default: (concurrency: number) => <T>(fn: () => Promise<T>) => Promise<T>;
}
export interface PMapModule {
  readonly default: <T, R>(items: readonly T[], fn: (item: T) => Promise<R>, options?: { readonly concurrency?: number }) => Promise<R[]>;
  readonly pMapIterable: <T, R>(
    items: readonly T[],
    fn: (item: T) => Promise<R>,
    options?: { readonly concurrency?: number },
  ) => AsyncIterable<R>;
}
export interface PQueueModule {
  readonly default: new (options?: { readonly concurrency?: number }) => { add<T>(fn: () => Promise<T>): Promise<T> };
}
type Yields = Generator<unknown, unknown, unknown>;
export interface EffectionModule {
  readonly run: (body: () => Yields) => Promise<unknown>;
  readonly spawn: (body: () => Generator<never, unknown, unknown>) => Iterable<unknown> & Yields;
}
export interface EffectModule {
  readonly Effect: {
    readonly gen: (body: () => Generator<unknown, unknown, unknown>) => unknown;
    readonly runPromise: (effect: unknown) => Promise<unknown>;
    readonly succeed: (value: unknown) => Yields;
    readonly forkChild: (effect: unknown) => Yields;
    readonly yieldNow: unknown;
    readonly promise: (fn: () => Promise<unknown>) => unknown;
    readonly forEach: (items: readonly unknown[], fn: (item: never) => unknown, options: object) => Yields;
  };
  readonly Fiber: { readonly join: (fiber: unknown) => Yields };
  readonly Semaphore: { readonly make: (permits: number) => Yields };
}

export interface WorkerpoolModule {
  readonly pool: (options: { readonly maxWorkers: number; readonly workerType?: 'process' }) => {
    exec(task: (...args: never[]) => unknown, args: readonly unknown[]): PromiseLike<unknown>;
    terminate(): PromiseLike<unknown>;
  };
}

export interface PoolifierModule {
  readonly FixedClusterPool: new (size: number, file: string) => { execute(data: unknown): Promise<unknown>; destroy(): Promise<void> };
}
export interface JestWorkerModule {
  readonly Worker: new (file: string, options: object) => { increment(n: number): Promise<unknown>; end(): Promise<unknown> };
}
export interface TinypoolModule {
  readonly default: new (options: object) => { run(data: unknown): Promise<unknown>; destroy(): Promise<void> };
}
