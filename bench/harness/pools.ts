import { fileURLToPath, pathToFileURL } from 'node:url';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { loadPeer } from './peers.ts';
import { sources } from './outside.ts';
import type { MultithreadingModule } from './peer-types.ts';
import { ProcessPoolExecutor, ThreadPoolExecutor } from 'manycore/futures';

/*
 * Pools of two workers, each in the way that its own documents show, that all run the functions of `peers/workers/tasks.mjs`.
 */
export type TaskName = 'same' | 'lengthOf' | 'square' | 'burn';

export interface Pool {
  run(task: TaskName, arg: unknown): PromiseLike<unknown>;
  /** The same, and gives a buffer away. */
  give?(task: TaskName, buffer: ArrayBuffer): PromiseLike<unknown>;
  close(): unknown;
}

export const WORKERS = 2;
const file = (name: string): string => join(sources, 'peers/workers', `${name}.mjs`);

type Tasks = Readonly<Record<TaskName, (arg: unknown) => unknown>>;
let tasks: Tasks | null = null;
export async function loadTasks(): Promise<Tasks> {
  return (tasks ??= (await import(pathToFileURL(file('tasks')).href)) as Tasks);
}

export async function manycore(): Promise<Pool & { readonly executor: ThreadPoolExecutor }> {
  const all = await loadTasks();
  const executor = new ThreadPoolExecutor({ maxWorkers: WORKERS });
  return {
    executor,
    run: (task, arg) => executor.submit(all[task], arg),
    give: (task, buffer) => executor.with({ transfer: [buffer] }).submit(all[task], buffer),
    close: () => executor.shutdown(),
  };
}

export async function manycoreProcesses(): Promise<Pool> {
  const all = await loadTasks();
  const executor = new ProcessPoolExecutor({ maxWorkers: WORKERS });
  return { run: (task, arg) => executor.submit(all[task], arg), close: () => executor.shutdown() };
}

/** Two bare workers in turn: no queue, no errors, no deaths. */
export function raw(): Pool {
  const waiting = new Map<number, (value: unknown) => void>();
  const workers = Array.from({ length: WORKERS }, () => new Worker(file('raw')));
  for (const worker of workers) {
    worker.on('message', ([id, value]: [number, unknown]) => {
      waiting.get(id)!(value);
      waiting.delete(id);
    });
  }
  let last = 0;
  const send = (task: TaskName, arg: unknown, transfer: readonly ArrayBuffer[]): Promise<unknown> =>
    new Promise((resolve) => {
      waiting.set(++last, resolve);
      workers[last % WORKERS]!.postMessage([last, task, arg], transfer);
    });
  return {
    run: (task, arg) => send(task, arg, []),
    give: (task, buffer) => send(task, buffer, [buffer]),
    close: () => Promise.all(workers.map((worker) => worker.terminate())),
  };
}

interface PiscinaLike {
  run(arg: unknown, options: { readonly name: string; readonly transferList?: readonly ArrayBuffer[] }): Promise<unknown>;
  destroy(): Promise<void>;
}
type PiscinaClass = new (options: { filename: string; minThreads: number; maxThreads: number }) => PiscinaLike;

async function piscinaLike(name: 'piscina' | 'tinypool'): Promise<Pool> {
  const { default: Piscina } = await loadPeer<{ readonly default: PiscinaClass }>(name);
  const pool = new Piscina({ filename: pathToFileURL(file('tasks')).href, minThreads: WORKERS, maxThreads: WORKERS });
  return {
    run: (task, arg) => pool.run(arg, { name: task }),
    give: (task, buffer) => pool.run(buffer, { name: task, transferList: [buffer] }),
    close: () => pool.destroy(),
  };
}
export const piscina = (): Promise<Pool> => piscinaLike('piscina');
export const tinypool = (): Promise<Pool> => piscinaLike('tinypool');

interface WorkerpoolScripts {
  readonly default: {
    pool(
      script: string,
      options: { readonly maxWorkers: number; readonly workerType: 'thread' },
    ): { exec(task: string, args: readonly unknown[]): PromiseLike<unknown>; terminate(): PromiseLike<unknown> };
  };
}
export async function workerpool(): Promise<Pool> {
  const { default: module } = await loadPeer<WorkerpoolScripts>('workerpool');
  const pool = module.pool(file('workerpool'), { maxWorkers: WORKERS, workerType: 'thread' });
  return { run: (task, arg) => pool.exec(task, [arg]), close: () => pool.terminate() };
}

interface PoolifierModule {
  readonly FixedThreadPool: new (
    size: number,
    file: string,
  ) => { execute(data: unknown, name: string): Promise<unknown>; destroy(): Promise<void> };
}
export async function poolifier(): Promise<Pool> {
  const { FixedThreadPool } = await loadPeer<PoolifierModule>('poolifier');
  const pool = new FixedThreadPool(WORKERS, file('poolifier'));
  return { run: (task, arg) => pool.execute(arg, task), close: () => pool.destroy() };
}

/** It takes a function with each task, as text. */
export async function multithreading(): Promise<Pool> {
  const { spawn, move, shutdown } = await loadPeer<MultithreadingModule>('multithreading');
  const all = await loadTasks();
  return {
    run: async (task, arg) => {
      const { ok, value, error } = (await spawn(move(arg), all[task] as (...args: never[]) => unknown).join()) as {
        readonly ok: boolean;
        readonly value: unknown;
        readonly error: unknown;
      };
      if (!ok) throw error as Error;
      return value;
    },
    close: () => shutdown(),
  };
}

interface SynckitModule {
  readonly createSyncFn: (file: string) => (arg: unknown) => unknown;
}
export async function synckit(): Promise<(arg: unknown) => unknown> {
  const { createSyncFn } = await loadPeer<SynckitModule>('synckit');
  return createSyncFn(fileURLToPath(pathToFileURL(file('synckit'))));
}
