import { inspect } from 'node:util';
import { authKeyHere } from '../../host/process/identity.ts';
import { reduce } from '../../message/closures/index.ts';
import { StateError } from '../../base/errors.ts';
import { isForProgram } from '../letter.ts';
import { knownLink, type Link, linkTo, linkToSync, type Where } from './link.ts';
import type { Token } from './token.ts';

/* oxlint-disable typescript/no-explicit-any -- whatever the methods of a type take and give */
type Names<T> = Exclude<keyof T & string, `_${string}` | `${string}Sync`>;

/**
 * A proxy of a `T` in a manager: each method gives a promise, and has a blocking twin that ends in `Sync`. What is no method is read by one.
 */
export type Proxied<T> = BaseProxy<T> & {
  readonly [K in Names<T>]: T[K] extends (...args: infer A) => infer R ? (...args: A) => Promise<Awaited<R>> : () => Promise<T[K]>;
} & {
  readonly [K in Names<T> as `${K}Sync`]: T[K] extends (...args: infer A) => infer R ? (...args: A) => Awaited<R> : () => T[K];
};
/* oxlint-enable typescript/no-explicit-any */

interface Reference {
  readonly token: Token;
  readonly where: Where;
}

/** How the server sees a proxy of one of its own objects that comes back to it: filled in by the server. */
export const ownServer: { address: string | null; keep: (object: number) => void; letGo: (object: number) => void } = {
  address: null,
  keep: () => {},
  letGo: () => {},
};

const keyOf = (address: Token['address']): string => JSON.stringify(address);

const forgotten = new FinalizationRegistry<Reference>((reference) => dropReference(reference));

function dropReference({ token, where }: Reference): void {
  if (ownServer.address === keyOf(token.address)) ownServer.letGo(token.object);
  // One that is not connected has nothing to give back: the server has let go of all that it had.
  else
    void knownLink(where)
      ?.call(0, 'letGo', [token.object])
      .catch(() => {});
}

/**
 * Stands for an object in a manager's process: Python's `BaseProxy`. It may be sent to threads, processes, and programs that know the
 * manager's secret; the object lives as long as a proxy of it does.
 */
export class BaseProxy<T = unknown> {
  /** For types: what it stands for. */
  declare readonly referent?: T;
  readonly #reference: Reference;
  readonly #kept: Promise<unknown> | null;

  /** @internal Made by managers. `isCounted`: the server has counted this proxy already. */
  constructor(token: Token, secret: Uint8Array, isCounted: boolean) {
    this.#reference = { token, where: { address: token.address, secret } };
    forgotten.register(this, this.#reference);
    this.#kept = isCounted ? null : this.#keep();
  }

  #keep(): Promise<unknown> | null {
    const { token, where } = this.#reference;
    if (ownServer.address === keyOf(token.address)) {
      ownServer.keep(token.object);
      return null;
    }
    const kept = linkTo(where).then((link) => link.call(0, 'keep', [token.object]));
    kept.catch(() => {});
    return kept;
  }

  /** How it arrives elsewhere. The secret goes along within the program; other programs have to know it. */
  [reduce](): readonly [typeof rebuild.by, readonly [Token, Uint8Array | null, ProxyClass?]] {
    const { token, where } = this.#reference;
    const secret = isForProgram() ? null : where.secret;
    const base = Object.getPrototypeOf(this.constructor) as ProxyClass;
    return [rebuild.by, base === usualClass(token.typeId) ? [token, secret] : [token, secret, base]];
  }

  /** Calls a method by its name: for objects whose methods types don't know. `StateError` for one that is not exposed. */
  async callMethod(method: string, ...args: readonly unknown[]): Promise<unknown> {
    const { token, where } = this.#reference;
    refuseOwn(token);
    const link: Link = knownLink(where) ?? (await linkTo(where));
    // Not before the server has counted this proxy: another may have been its last one.
    if (this.#kept !== null) await this.#kept;
    const { args: sent, signal } = withoutSignal(args);
    return link.call(token.object, method, sent, signal);
  }

  /** The blocking twin of `callMethod`: this thread's event loop stands still meanwhile. */
  callMethodSync(method: string, ...args: readonly unknown[]): unknown {
    const { token, where } = this.#reference;
    refuseOwn(token);
    const { args: sent, signal } = withoutSignal(args);
    signal?.throwIfAborted();
    return linkToSync(where).callSync(token.object, method, sent);
  }

  /** A copy of the object itself. */
  getValue(): Promise<T> {
    return this.callMethod('#value') as Promise<T>;
  }
  /** The blocking twin of `getValue`. */
  getValueSync(): T {
    return this.callMethodSync('#value') as T;
  }

  /** What the object is, as text. */
  describe(): Promise<string> {
    return this.callMethod('#describe') as Promise<string>;
  }

  /** The name under which its type was registered. */
  get typeId(): string {
    return this.#reference.token.typeId;
  }
  /** Its number in the manager. Two proxies with the same one, and the same address, are of the same object. */
  get objectId(): number {
    return this.#reference.token.object;
  }
  /** Where its manager listens. */
  get address(): Token['address'] {
    return this.#reference.token.address;
  }

  [inspect.custom](): string {
    const { typeId, object, address } = this.#reference.token;
    return `<proxy of ${typeId} ${object} of the manager at ${String(address)}>`;
  }
}

/** A program that asks itself would wait for itself. */
function refuseOwn(token: Token): void {
  if (ownServer.address === keyOf(token.address))
    throw new StateError('ERR_OWN_PROXY', 'a manager cannot use a proxy of its own object: it has the object itself');
}

/** The signal of the options at the end of the arguments stays here. */
function withoutSignal(args: readonly unknown[]): { readonly args: readonly unknown[]; readonly signal?: AbortSignal } {
  const last = args.at(-1);
  if (
    typeof last !== 'object' ||
    last === null ||
    !('signal' in last) ||
    !(last.signal === undefined || last.signal instanceof AbortSignal)
  )
    return { args };
  const { signal, ...rest } = last as { signal?: AbortSignal | undefined };
  return { args: [...args.slice(0, -1), rest], ...(signal === undefined ? {} : { signal }) };
}

export type ProxyClass = new (token: Token, secret: Uint8Array, isCounted: boolean) => BaseProxy;

/** Classes of proxies that can do more than call, by the type. */
export const proxyClasses = new Map<string, ProxyClass>([['', BaseProxy as ProxyClass]]);
const made = new Map<ProxyClass, Map<string, ProxyClass>>();

const usualClass = (typeId: string): ProxyClass => proxyClasses.get(typeId) ?? (BaseProxy as ProxyClass);

/** A proxy with a method for each that is exposed, and those that `base` has. */
export function proxyOf(token: Token, secret: Uint8Array, isCounted: boolean, base: ProxyClass = usualClass(token.typeId)): BaseProxy {
  let known = made.get(base);
  if (known === undefined) made.set(base, (known = new Map()));
  const key = JSON.stringify([token.typeId, token.exposed]);
  let its = known.get(key);
  if (its === undefined) known.set(key, (its = classFor(token, base)));
  return new its(token, secret, isCounted);
}

function classFor({ typeId, exposed }: Token, base: ProxyClass): ProxyClass {
  const its = class extends base {};
  Object.defineProperty(its, 'name', { value: `${typeId}Proxy` });
  const add = (name: string, value: (this: BaseProxy, ...args: unknown[]) => unknown): void => {
    if (!(name in base.prototype)) Object.defineProperty(its.prototype, name, { value, configurable: true, writable: true });
  };
  for (const name of exposed) {
    add(name, function (...args) {
      return this.callMethod(name, ...args);
    });
    add(`${name}Sync`, function (...args) {
      return this.callMethodSync(name, ...args);
    });
  }
  return its;
}

/** How a proxy that comes in a message is made: by a function whose module knows all the classes above. */
export const rebuild: { by: (token: Token, secret: Uint8Array | null, base?: ProxyClass) => BaseProxy } = { by: arrivedProxy };

export function arrivedProxy(token: Token, secret: Uint8Array | null, base?: ProxyClass): BaseProxy {
  if (secret !== null) rememberSecret(token.address, secret);
  return proxyOf(token, secret ?? secretOf(token.address), false, base);
}

const secrets = new Map<string, Uint8Array>();

/** Remembers the secret of a manager that this thread is connected to: for proxies that come from there. */
export function rememberSecret(address: Token['address'], secret: Uint8Array): void {
  secrets.set(keyOf(address), secret);
}

const secretOf = (address: Token['address']): Uint8Array => secrets.get(keyOf(address)) ?? authKeyHere();
