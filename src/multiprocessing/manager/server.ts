import { asked } from '../../base/deadline.ts';
import { onAbort } from '../../base/on-abort.ts';
import { inspect } from 'node:util';
import { type Deferred, deferred } from '../../base/deferred.ts';
import { StateError } from '../../base/errors.ts';
import { AbandonedLockError } from '../../threading/errors.ts';
import { Face } from '../../threading/face.ts';
import type { SocketAddress } from '../../system/sockets.ts';
import { describeThrown } from '../../futures/describe-thrown.ts';
import { FrameListener } from '../frame-listener.ts';
import { Guest } from './guest.ts';
import './proxy-classes.ts';
import { type Entry, Objects } from './objects.ts';
import { BaseProxy, ownServer, proxyOf } from './proxy.ts';
import { type Call, idOf, isWhole, KIND, kindOf, open, pack } from './protocol.ts';
import { make, type Registered, type Registry } from './registry.ts';
import type { Token } from './token.ts';

/** Where the options stand of methods that wait, of ours: there the signal goes that breaks the wait off. */
const OPTIONS_AT: Readonly<Record<string, number>> = { acquire: 0, wait: 0, get: 0, join: 0, put: 1 };
const LINGER_MS = 10_000;

class CallCancelled extends StateError {
  constructor() {
    super('ERR_CALL_CANCELLED', 'the call was cancelled by who made it');
  }
}

/** Serves the objects of a manager to all who know its secret: Python's `Server`. Runs in the process that it is made in. */
export class Server {
  readonly #registry: Registry;
  readonly #listener: FrameListener;
  readonly #secret: Uint8Array;
  readonly #objects: Objects;
  readonly #guests = new Set<Guest>();
  readonly #stopped: Deferred<void> = deferred();
  #count = 0;

  constructor(registry: Registry, address: SocketAddress | undefined, secret: Uint8Array, lingerMs: number = LINGER_MS) {
    this.#registry = registry;
    this.#secret = secret;
    this.#objects = new Objects(lingerMs);
    this.#listener = new FrameListener(address, { authKey: secret });
    if (ownServer.address !== null) throw new StateError('ERR_SERVER_EXISTS', 'this thread serves a manager already');
    ownServer.address = JSON.stringify(this.address);
    ownServer.keep = (id) => this.#objects.keep(id);
    ownServer.letGo = (id) => this.#objects.letGo(id);
  }

  /** Where it listens. */
  get address(): SocketAddress {
    return this.#listener.address;
  }

  /** Serves until it is shut down. */
  async serveForever(): Promise<void> {
    void this.#acceptAll();
    // Nothing else may keep this process.
    const hold = setInterval(() => {}, 0x7fff_ffff);
    await this.#stopped.promise;
    clearInterval(hold);
  }

  /** Stops serving: those who wait are told that the manager is gone. */
  stop(): void {
    ownServer.address = null;
    this.#listener.close();
    for (const guest of this.#guests) guest.frames.close();
    this.#stopped.resolve();
  }

  async #acceptAll(): Promise<void> {
    for await (const { frames } of this.#listener) void this.#serve(new Guest(frames, `client ${++this.#count} of the manager`));
  }

  async #serve(guest: Guest): Promise<void> {
    this.#guests.add(guest);
    try {
      await this.#receiveAll(guest);
    } catch {
      // It broke the connection, or the protocol.
    }
    this.#guests.delete(guest);
    guest.depart(new CallCancelled());
    for (const [object, times] of guest.references) for (let i = 0; i < times; i++) this.#objects.letGo(object);
    guest.frames.close();
  }

  async #receiveAll(guest: Guest): Promise<void> {
    for await (const body of guest.frames) {
      if (!isWhole(body)) return;
      const id = idOf(body);
      const kind = kindOf(body);
      if (kind === KIND.bye) guest.isLeaving = true;
      else if (kind === KIND.cancel) guest.calls.get(id)?.abort(new CallCancelled());
      else if (kind === KIND.call) {
        let call: Call;
        try {
          // One after the other, so that calls begin in the order in which they were made.
          const opened = open(body);
          call = (opened instanceof Promise ? await opened : opened).value as Call;
        } catch (error) {
          this.#answer(guest, id, { ok: false, error });
          continue;
        }
        void this.#call(guest, id, call);
      } else return;
    }
  }

  async #call(guest: Guest, id: number, [object, method, args]: Call): Promise<void> {
    const cancel = new AbortController();
    guest.calls.set(id, cancel);
    let outcome: Outcome;
    try {
      const value = object === 0 ? await this.#own(guest, method, args) : await this.#invoke(guest, object, method, args, cancel.signal);
      outcome = { ok: true, value };
    } catch (error) {
      outcome = { ok: false, error };
    }
    guest.calls.delete(id);
    this.#answer(guest, id, outcome);
    if (object === 0 && method === 'shutdown') setImmediate(() => this.stop());
  }

  #answer({ frames }: Guest, id: number, outcome: Outcome): void {
    let body: Buffer;
    try {
      body = outcome.ok ? pack(id, KIND.value, outcome.value) : pack(id, KIND.failed, sendable(outcome.error));
    } catch (error) {
      body = pack(id, KIND.failed, outcome.ok ? error : describeThrown(outcome.error));
    }
    frames.send(body).catch(() => {});
  }

  /** The server's own methods. */
  async #own(guest: Guest, method: string, args: readonly unknown[]): Promise<unknown> {
    const keep = (object: number): void => {
      this.#objects.keep(object);
      guest.references.set(object, (guest.references.get(object) ?? 0) + 1);
    };
    switch (method) {
      case 'create': {
        const [typeId, given] = args as [string, readonly unknown[]];
        const { value } = await make(this.#registry, typeId, given);
        const entry = this.#objects.add(typeId, asObject(value, typeId), this.#registry.get(typeId)!);
        keep(entry.id);
        return this.#token(entry);
      }
      case 'keep':
        return keep(args[0] as number);
      case 'letGo': {
        const object = args[0] as number;
        const times = guest.references.get(object) ?? 0;
        if (times === 0) return undefined;
        if (times === 1) guest.references.delete(object);
        else guest.references.set(object, times - 1);
        return this.#objects.letGo(object);
      }
      case 'numberOfObjects':
        return this.#objects.size;
      case 'debugInfo':
        return [...this.#objects]
          .map(({ id, typeId, references, value }) => `${id} ${typeId}, ${references} proxies: ${inspect(value, { depth: 0 })}`)
          .join('\n');
      case 'shutdown':
      case 'dummy':
        return undefined;
      default:
        throw new StateError('ERR_NOT_EXPOSED', `a manager's server has no method ${method}`);
    }
  }

  async #invoke(guest: Guest, object: number, method: string, args: readonly unknown[], signal: AbortSignal): Promise<unknown> {
    const entry = this.#objects.get(object);
    if (method === '#value') return copyOf(entry.value);
    if (method === '#describe') return inspect(entry.value);
    if (!entry.exposed.includes(method))
      throw new StateError(
        'ERR_NOT_EXPOSED',
        `${entry.typeId} has no method ${method} that may be called: it has ${entry.exposed.join(', ')}`,
      );
    const target = guest.viewOf(entry.value) as Record<string, unknown>;
    const member = target[method];
    if (typeof member !== 'function') return member;
    const result: unknown =
      target instanceof Face
        ? await member.apply(target, withSignal(method, args, signal))
        : await unlessCancelled(member.apply(target, args), signal);
    if (result instanceof Face && (result as object) === target) return true;
    const typeId = entry.type.methodToTypeId?.[method];
    return typeId === undefined ? result : this.#proxyFor(typeId, result);
  }

  #token({ typeId, id, exposed }: Entry): Token {
    return { typeId, address: this.address, object: id, exposed };
  }

  /** A result that stays here. */
  #proxyFor(typeId: string, value: unknown): BaseProxy {
    const type: Registered = this.#registry.get(typeId) ?? {};
    return proxyOf(this.#token(this.#objects.add(typeId, asObject(value, typeId), type)), this.#secret, false);
  }
}

type Outcome = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly error: unknown };

function asObject(value: unknown, typeId: string): object {
  if ((typeof value === 'object' && value !== null) || typeof value === 'function') return value;
  throw new TypeError(`a ${typeId} has to be an object, so that it has methods: got ${value === null ? 'null' : typeof value}`);
}

function copyOf(value: object): unknown {
  const { copy, get } = value as { copy?: () => unknown; get?: () => unknown };
  if (typeof copy === 'function') return copy.call(value);
  return typeof get === 'function' && get.length === 0 ? get.call(value) : value;
}

function withSignal(method: string, args: readonly unknown[], signal: AbortSignal): unknown[] {
  const at = OPTIONS_AT[method];
  const sent = [...args];
  if (at !== undefined) sent[at] = { ...asked(sent[at] as object | undefined), signal };
  return sent;
}

/** What can't be broken off goes on; who called is not kept waiting. */
async function unlessCancelled(result: unknown, signal: AbortSignal): Promise<unknown> {
  if (!(result instanceof Promise)) return result;
  let ignore = (): void => {};
  const cancelled = new Promise<never>((_, reject) => {
    ignore = onAbort(signal, () => reject(signal.reason as Error));
  });
  try {
    return await Promise.race([result, cancelled]);
  } finally {
    ignore();
  }
}

/** The lock that the error names is the caller's proxy, there. */
function sendable(error: unknown): unknown {
  if (!(error instanceof AbandonedLockError)) return error;
  const plain = new AbandonedLockError(error.message, undefined as never);
  Object.defineProperty(plain, 'stack', { value: error.stack, configurable: true, writable: true });
  return plain;
}
