import { inspect } from 'node:util';
import type { Wait } from '../../base/deadline.ts';
import { StateError } from '../../base/errors.ts';
import { authKeyHere } from '../../host/process/identity.ts';
import type { SocketAddress } from '../../system/sockets.ts';
import { EndOfFileError } from '../../host/peer/errors.ts';
import { Pipe, type PipeConnection } from '../pipe-connection.ts';
import { Process } from '../process.ts';
import { type Secret, secretBytes } from '../secret.ts';
import { ManagerGoneError } from './errors.ts';
import { checkNames } from '../other-names.ts';
import { linkTo, linkToSync } from './link.ts';
import './proxy-classes.ts';
import { type BaseProxy, type Proxied, proxyOf, rememberSecret } from './proxy.ts';
import type { Factory, Registered, RegisterOptions } from './registry.ts';
import { serve, type ServeOptions, type Started } from './serve.ts';
import { Server } from './server.ts';
import type { Token } from './token.ts';
import { builtinTypes } from './types/index.ts';

/** How a manager is made, or connected to. */
export interface ManagerOptions {
  /** Where it listens, or where the one is that is to be connected to: a path, or a host and a port. Left out: a socket that only this user can reach. */
  readonly address?: SocketAddress | undefined;
  /** Whoever knows it can use the manager. Left out: the secret that this program shares with its processes. */
  readonly authKey?: Secret | undefined;
  /** How long an object lives on that no proxy refers to, for one may be on its way: 10 s when left out. */
  readonly linger?: number | undefined;
  /** How long its process may take to end when it is shut down, before it is asked again, and then killed: 1 s when left out. */
  readonly shutdownTimeout?: number | undefined;
  /** How its process is started: a context of this module; as `setStartMethod` has chosen when left out. */
  readonly mpContext?: { readonly Process: typeof Process } | undefined;
}

/** What runs first in a manager's process. */
export interface ManagerStart {
  /** Runs first in the manager's process. */
  readonly initializer?: ((...args: never[]) => unknown) | undefined;
  /** What the initializer is called with. It has to be something that can be sent. */
  readonly initArgs?: readonly unknown[] | undefined;
}

/*
 *   INITIAL    made
 *   STARTED    its process runs, or has been asked to
 *   CONNECTED  it is somebody else's process
 *   SHUT DOWN
 */
type State =
  | { readonly is: 'initial' }
  | { readonly is: 'started'; readonly process: Process<never>; readonly ready: PipeConnection; address: SocketAddress | null }
  | { readonly is: 'connected'; readonly address: SocketAddress }
  | { readonly is: 'shut down' };

const SHUTDOWN_MS = 1000;

/* oxlint-disable typescript/no-explicit-any -- constructors and factories of whatever type */
type Makes<N extends string, A extends readonly unknown[], T> = { readonly [K in N]: (...args: A) => Promise<Proxied<T>> } & {
  readonly [K in `${N}Sync`]: (...args: A) => Proxied<T>;
};
type ManagerClass = abstract new (...args: any[]) => BaseManager;
/** A class of managers that has one more type. */
export type WithType<C extends ManagerClass, N extends string, A extends readonly unknown[], T> = Omit<C, 'prototype'> & {
  new (...args: ConstructorParameters<C>): InstanceType<C> & Makes<N, A, T>;
};
/* oxlint-enable typescript/no-explicit-any */

/**
 * Objects in a process of their own, that others use through proxies, from anywhere: Python's `multiprocessing.managers.BaseManager`.
 * What it can make is said by `register`.
 */
export class BaseManager implements AsyncDisposable {
  /** The types that were registered with this class and those above it, by their names. */
  static readonly types: ReadonlyMap<string, Registered> = new Map();
  protected readonly withBuiltins: boolean = false;
  readonly #secret: Uint8Array;
  readonly #options: ManagerOptions;
  #state: State = { is: 'initial' };
  #whenStarted: Promise<void> | null = null;

  constructor(options: ManagerOptions = {}) {
    checkNames(options, 'a manager', "{ address: ['127.0.0.1', 5000] }");
    this.#options = options;
    this.#secret = options.authKey === undefined ? authKeyHere() : secretBytes(options.authKey);
  }

  /**
   * Adds a type to this class of managers: a class, or a function, that makes an object in the manager's process. A program that only
   * connects leaves it out. Gives the same class, for types: `const Shop = BaseManager.register('Till', Till)`; then there are `manager.Till(…)`,
   * which promises a proxy, and `manager.TillSync(…)`.
   */
  static register<C extends ManagerClass, const N extends string, A extends readonly unknown[], T extends object>(
    this: C,
    typeId: N,
    factory?: ((...args: A) => T | Promise<T>) | (new (...args: A) => T),
    options?: RegisterOptions,
  ): WithType<C, N, A, T> {
    if (typeof typeId !== 'string' || typeId === '') throw new TypeError(`a type of a manager has a name: got ${inspect(typeId)}`);
    if (factory !== undefined && typeof factory !== 'function')
      throw new TypeError(`a type of a manager is a class, or a function that makes an object: got ${inspect(factory)}`);
    const its = this as unknown as { types: ReadonlyMap<string, Registered>; prototype: object };
    // A class has its own table from its first type on: what is registered with it is not registered with those above it.
    Object.defineProperty(its, 'types', {
      value: new Map([...its.types, [typeId, { ...options, factory: factory as Factory | undefined }]]),
      configurable: true,
    });
    const methods = {
      [typeId](this: BaseManager, ...args: unknown[]): Promise<BaseProxy> {
        return this.create(typeId, ...args);
      },
      [`${typeId}Sync`](this: BaseManager, ...args: unknown[]): BaseProxy {
        return this.createSync(typeId, ...args);
      },
    };
    for (const [name, value] of Object.entries(methods))
      Object.defineProperty(its.prototype, name, { value, configurable: true, writable: true });
    return this as unknown as WithType<C, N, A, T>;
  }

  get #types(): ReadonlyMap<string, Registered> {
    return (this.constructor as typeof BaseManager).types;
  }

  /** Where it listens; `null` while that is not known. */
  get address(): SocketAddress | null {
    if (this.#state.is === 'started' || this.#state.is === 'connected') return this.#state.address;
    return this.#options.address ?? null;
  }

  /** The number of its process; `null` when it is not ours. */
  get pid(): number | null {
    return this.#state.is === 'started' ? this.#state.process.pid : null;
  }

  /** Starts its process, and waits until it serves. Rejects with what kept it from doing so. */
  start(options?: ManagerStart): Promise<void> {
    this.#launch(options);
    return this.#started();
  }
  /** The blocking twin of `start`. */
  startSync(options?: ManagerStart): void {
    this.#launch(options);
    this.#startedSync();
  }

  #launch({ initializer, initArgs = [] }: ManagerStart = {}): void {
    if (this.#state.is !== 'initial') throw new StateError('ERR_MANAGER_STARTED', `cannot start a manager that is ${this.#state.is}`);
    const [ready, there] = Pipe();
    const told: ServeOptions = {
      address: this.#options.address,
      secret: this.#secret,
      lingerMs: this.#options.linger,
      withBuiltins: this.withBuiltins,
      // Proxies are none of the manager's own.
      types: [...this.#types].map(([name, type]) => [name, { ...type, proxyType: undefined }]),
      initializer,
      initArgs,
    };
    // Ends with this process: nobody could shut it down otherwise.
    const Starts = this.#options.mpContext?.Process ?? Process;
    const process = new Starts({ target: serve, args: [there, told], name: this.constructor.name, daemon: true });
    try {
      process.start();
    } finally {
      there.close();
    }
    this.#state = { is: 'started', process: process as unknown as Process<never>, ready, address: null };
  }

  #started(): Promise<void> {
    const state = this.#state;
    if (state.is !== 'started' || state.address !== null) return Promise.resolve();
    this.#whenStarted ??= state.ready.recv().then(
      (told) => this.#heard(told as Started),
      (error: unknown) => this.#heard({ error }),
    );
    return this.#whenStarted;
  }
  #startedSync(): void {
    const state = this.#state;
    if (state.is !== 'started' || state.address !== null) return;
    let told: Started;
    try {
      told = state.ready.recvSync() as Started;
    } catch (error) {
      told = { error };
    }
    this.#heard(told);
  }

  #heard(told: Started): void {
    const state = this.#state;
    // The other way of waiting may have been told already.
    if (state.is !== 'started' || state.address !== null) return;
    state.ready.close();
    if ('error' in told) {
      this.#state = { is: 'shut down' };
      if (!(told.error instanceof EndOfFileError)) throw told.error;
      const code = state.process.exitCode;
      throw new ManagerGoneError(
        `the manager's process ended before it served${code === null ? '' : `, with exit code ${code}`}: its stderr says why`,
        { cause: told.error },
      );
    }
    state.address = told.address;
    rememberSecret(told.address, this.#secret);
  }

  /** Uses a manager that another program has started, at `address`. Rejects with `ManagerGoneError` and `AuthenticationError`. */
  async connect(): Promise<void> {
    const address = this.#toConnect();
    await (await linkTo({ address, secret: this.#secret })).call(0, 'dummy', []);
    this.#state = { is: 'connected', address };
  }
  /** The blocking twin of `connect`. */
  connectSync(): void {
    const address = this.#toConnect();
    linkToSync({ address, secret: this.#secret }).callSync(0, 'dummy', []);
    this.#state = { is: 'connected', address };
  }

  #toConnect(): SocketAddress {
    const { address } = this.#options;
    if (this.#state.is !== 'initial') throw new StateError('ERR_MANAGER_STARTED', `cannot connect a manager that is ${this.#state.is}`);
    if (address === undefined) throw new TypeError('the address of the manager is missing: give it to the constructor');
    rememberSecret(address, this.#secret);
    return address;
  }

  /** A server to run in this thread, instead of a process: `await manager.getServer().serveForever()`. */
  getServer(): Server {
    if (this.#state.is !== 'initial')
      throw new StateError('ERR_MANAGER_STARTED', `cannot give the server of a manager that is ${this.#state.is}`);
    const types = new Map([...(this.withBuiltins ? builtinTypes : []), ...this.#types]);
    return new Server(types, this.#options.address, this.#secret, this.#options.linger);
  }

  #where(): { readonly address: SocketAddress; readonly secret: Uint8Array } {
    const { is } = this.#state;
    if (is === 'initial') throw new StateError('ERR_MANAGER_NOT_STARTED', 'this manager has not been started: call start() or connect()');
    if (is === 'shut down') throw new ManagerGoneError('this manager has been shut down');
    return { address: this.address!, secret: this.#secret };
  }

  async #call(method: string, args: readonly unknown[]): Promise<unknown> {
    await this.#started();
    return (await linkTo(this.#where())).call(0, method, args);
  }
  #callSync(method: string, args: readonly unknown[]): unknown {
    this.#startedSync();
    return linkToSync(this.#where()).callSync(0, method, args);
  }

  /** A new object of a registered type, as a proxy. */
  async create(typeId: string, ...args: readonly unknown[]): Promise<BaseProxy> {
    return this.#proxy(await this.#call('create', [typeId, args]));
  }
  /** The blocking twin of `create`. */
  createSync(typeId: string, ...args: readonly unknown[]): BaseProxy {
    return this.#proxy(this.#callSync('create', [typeId, args]));
  }

  #proxy(token: unknown): BaseProxy {
    const its = token as Token;
    return proxyOf(its, this.#secret, true, this.#types.get(its.typeId)?.proxyType);
  }

  /** How many objects it has. */
  numberOfObjects(): Promise<number> {
    return this.#call('numberOfObjects', []) as Promise<number>;
  }
  /** Its objects, a line each, with how many proxies refer to them. */
  debugInfo(): Promise<string> {
    return this.#call('debugInfo', []) as Promise<string>;
  }

  /** Ends it: what its objects hold is gone, and who waits gets `ManagerGoneError`. A process of ours that does not end in time is killed. */
  async shutdown(): Promise<void> {
    const state = this.#state;
    if (state.is !== 'started' && state.is !== 'connected') return;
    try {
      await this.#call('shutdown', []);
    } catch {
      // It is gone already.
    }
    this.#state = { is: 'shut down' };
    if (state.is !== 'started') return;
    const { process } = state;
    const { shutdownTimeout: timeout = SHUTDOWN_MS } = this.#options;
    if (await process.join({ timeout })) return;
    process.terminate();
    if (await process.join({ timeout })) return;
    process.kill();
    await process.join();
  }

  /** Waits until its process has ended; false when time was up. */
  async join(wait?: Wait): Promise<boolean> {
    if (this.#state.is === 'started') return this.#state.process.join(wait);
    return true;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.shutdown();
  }

  [inspect.custom](): string {
    return `<${this.constructor.name}, ${this.#state.is}${this.address === null ? '' : `, at ${String(this.address)}`}>`;
  }
}
