import { accessSync, constants } from 'node:fs';
import { inspect } from 'node:util';
import { OutOfRangeError, StateError } from '../base/errors.ts';
import { endForkServer, prepareForkServer } from '../host/process/fork/fork-server.ts';
import { wanted } from '../host/process/fork/server.ts';
import { executable } from '../host/process/launch.ts';
import { dismissSpares } from '../host/process/spares.ts';
import { allStartMethods, chooseStartMethod, chosenStartMethod, type StartMethod } from '../host/process/start-method.ts';
import * as everything from './everything.ts';
import type { ManagerOptions } from './manager/base-manager.ts';
import { Manager, type SyncManager } from './manager/sync-manager.ts';
import { Pool, type PoolOptions } from './pool/pool.ts';
import { Process } from './process.ts';

export type { StartMethod };

/** A process that is started by `spawn`, whatever has been chosen for the others. */
export class SpawnProcess<A extends readonly unknown[] = readonly unknown[]> extends Process<A> {
  protected override get startMethod(): StartMethod {
    return 'spawn';
  }
}

/** A process that is started by `forkserver`, whatever has been chosen for the others. */
export class ForkServerProcess<A extends readonly unknown[] = readonly unknown[]> extends Process<A> {
  protected override get startMethod(): StartMethod {
    return 'forkserver';
  }
}

const withMethod = <I extends readonly unknown[]>(options: number | PoolOptions<I>, startMethod: StartMethod): PoolOptions<I> => ({
  ...(typeof options === 'number' ? { processes: options } : options),
  startMethod,
});

/** A pool whose workers are started by `spawn`. */
export class SpawnPool<I extends readonly unknown[] = readonly unknown[]> extends Pool<I> {
  constructor(options: number | PoolOptions<I> = {}) {
    super(withMethod(options, 'spawn'));
  }
}

/** A pool whose workers are started by `forkserver`. */
export class ForkServerPool<I extends readonly unknown[] = readonly unknown[]> extends Pool<I> {
  constructor(options: number | PoolOptions<I> = {}) {
    super(withMethod(options, 'forkserver'));
  }
}

/**
 * This whole module as an object, bound to one way to start processes: Python's context objects. Locks, queues, values and pipes are the same
 * in each: they can be shared by processes that were started in different ways.
 */
export interface Context extends Omit<typeof everything, 'Process' | 'Pool'> {
  /** `Process`, started in the way of this context. */
  readonly Process: typeof Process;
  /** `Pool`, whose workers are started in the way of this context. */
  readonly Pool: typeof Pool;
  /** This context; or another one, by its method. */
  getContext(method?: StartMethod | null): Context;
  /** The method of this context; of the module's own context, the one that is chosen: see the function of this name. */
  getStartMethod(options?: { readonly allowNone?: boolean }): StartMethod | null;
  /** As the function of this name; `StateError` in a context that has its method. */
  setStartMethod(method: StartMethod | null, options?: { readonly force?: boolean }): void;
  /** As the function of this name. */
  getAllStartMethods(): StartMethod[];
  /** As the function of this name: it holds for all contexts. */
  setForkServerPreload(modules: readonly string[]): void;
  /** As the function of this name: it holds for all contexts. */
  setExecutable(path: string): void;
}

const WHY_NO_FORK =
  'fork would copy the thread that calls, and none of those that V8 and Node need beside it: the copy would stand still at its first use of them. ' +
  '`forkserver` copies a Node that has been prepared for it';

function checked(method: unknown): StartMethod {
  const all: readonly string[] = allStartMethods();
  if (typeof method === 'string' && all.includes(method)) return method as StartMethod;
  const why = method === 'fork' ? `: ${WHY_NO_FORK}` : method === 'forkserver' ? ` on ${process.platform}: it needs Linux` : '';
  throw new OutOfRangeError('ERR_START_METHOD', `there is no start method ${inspect(method)}${why}. There is: ${all.join(', ')}`);
}

/** The methods by which processes can be started here, the usual one first: `spawn`, and on Linux `forkserver`. */
export function getAllStartMethods(): StartMethod[] {
  return allStartMethods();
}

/**
 * The method by which processes are started here: what `setStartMethod` has chosen, or the parent of this process; else `spawn`, and that is
 * then the choice, unless `allowNone` is given: then it is `null`.
 */
export function getStartMethod(options: { readonly allowNone: true }): StartMethod | null;
export function getStartMethod(options?: { readonly allowNone?: false }): StartMethod;
export function getStartMethod(options?: { readonly allowNone?: boolean }): StartMethod | null;
export function getStartMethod({ allowNone = false }: { readonly allowNone?: boolean } = {}): StartMethod | null {
  const chosen = chosenStartMethod();
  if (chosen !== null || allowNone) return chosen;
  chooseStartMethod('spawn');
  return 'spawn';
}

/**
 * Chooses how processes are started from now on, in this process, by all its threads, and in its children; once in a program, unless `force` is given: `StateError` the
 * second time. `null`, with `force`: nothing is chosen any more. `OutOfRangeError` for a method that there is not.
 */
export function setStartMethod(method: StartMethod | null, { force = false }: { readonly force?: boolean } = {}): void {
  if (chosenStartMethod() !== null && !force)
    throw new StateError(
      'ERR_START_METHOD_SET',
      `the start method is ${chosenStartMethod()} already: it is chosen once, or with { force: true }`,
    );
  chooseStartMethod(method === null && force ? null : checked(method));
  // The first child waits for the server: it may as well begin, once the program has said all that it has to say.
  if (method === 'forkserver') setImmediate(prepareForkServer).unref();
}

/**
 * Modules that a fork server loads before it is copied, so that no child has to: names of packages, paths, or URLs. For servers that are
 * started from now on. One that can't be loaded is left to the children. Python's `set_forkserver_preload`.
 */
export function setForkServerPreload(modules: readonly string[]): void {
  if (!Array.isArray(modules) || modules.some((one) => typeof one !== 'string'))
    throw new TypeError(`the modules to load must be a list of texts: got ${inspect(modules)}`);
  wanted.modules = [...modules];
}

/**
 * The Node that processes run on from now on, by its path: as this process itself, as long as it is not said. `StateError` for what can't be
 * run. Python's `set_executable`.
 */
export function setExecutable(path: string): void {
  try {
    accessSync(path, constants.X_OK);
  } catch (cause) {
    throw new StateError('ERR_EXECUTABLE', `processes can't run on ${inspect(path)}: there is no such program`, { cause });
  }
  executable.path = path;
  // Those that wait to be copied, or to be told what to run, are of the other one.
  void endForkServer();
  void dismissSpares();
}

function contextOf(method: StartMethod): Context {
  const context: Context = Object.freeze({
    ...everything,
    Process: method === 'spawn' ? SpawnProcess : ForkServerProcess,
    Pool: method === 'spawn' ? SpawnPool : ForkServerPool,
    getContext: (other: StartMethod | null = null) => getContext(other ?? method),
    getStartMethod: () => method,
    setStartMethod: () => {
      throw new StateError('ERR_CONTEXT_METHOD', `this context starts processes by ${method}: set the method of the module instead`);
    },
    getAllStartMethods,
    setForkServerPreload,
    setExecutable,
    Manager: (options: ManagerOptions = {}): SyncManager => Manager({ mpContext: context, ...options }),
  });
  return context;
}

const contexts = new Map<StartMethod | null, Context>();

/**
 * This module, bound to a start method: `const { Process, Pool } = getContext('forkserver')`. Without a method, the module itself, which starts
 * processes by the method that is chosen.
 */
export function getContext(method: StartMethod | null = null): Context {
  let context = contexts.get(method);
  if (context === undefined) {
    context =
      method === null
        ? Object.freeze({
            ...everything,
            getContext,
            getStartMethod,
            setStartMethod,
            getAllStartMethods,
            setForkServerPreload,
            setExecutable,
          })
        : contextOf(checked(method));
    contexts.set(method, context);
  }
  return context;
}
