import { atExit } from '../../base/at-exit.ts';
import { onAbort } from '../../base/on-abort.ts';
import { ambient } from '../../base/ambient.ts';
import { type Deferred, deferred } from '../../base/deferred.ts';
import { AuthenticationError } from '../../host/peer/errors.ts';
import type { Frames } from '../../host/peer/frames.ts';
import type { SocketAddress } from '../../system/sockets.ts';
import { arrived } from '../../futures/process-pool/remote-error.ts';
import { connectFrames, connectFramesSync } from '../client.ts';
import { ManagerGoneError } from './errors.ts';
import { idOf, KIND, kindOf, open, pack } from './protocol.ts';

/*
 * This thread's connection to one manager. All its proxies share it; the server knows the thread by it, as the owner of what it locks.
 */
interface Pending {
  readonly settled: Deferred<unknown>;
  outcome: Outcome | null;
}
type Outcome = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly error: unknown };

export interface Where {
  readonly address: SocketAddress;
  readonly secret: Uint8Array;
}

const links = new Map<string, Link>();
const connecting = new Map<string, Promise<Link>>();

const keyOf = ({ address, secret }: Where): string => JSON.stringify([address, Buffer.from(secret).toString('base64')]);

/** The connection to the manager there, made when it is first needed. */
export async function linkTo(where: Where): Promise<Link> {
  const key = keyOf(where);
  const known = links.get(key);
  if (known !== undefined) return known;
  let made = connecting.get(key);
  if (made === undefined) {
    made = connectFrames(where.address, { authKey: where.secret }).then((frames) => adopt(key, where, frames));
    connecting.set(key, made);
    void made.catch(() => {}).finally(() => connecting.delete(key));
  }
  return made.catch((cause: unknown) => Promise.reject(unreachable(where, cause)));
}

export function linkToSync(where: Where): Link {
  const key = keyOf(where);
  const known = links.get(key);
  if (known !== undefined) return known;
  try {
    return adopt(key, where, connectFramesSync(where.address, { authKey: where.secret }));
  } catch (cause) {
    throw unreachable(where, cause);
  }
}

/** The link that this thread has, if any. */
export const knownLink = (where: Where): Link | undefined => links.get(keyOf(where));

/** One connection a thread: of two that were made at the same time, the one that was there first. */
function adopt(key: string, where: Where, frames: Frames): Link {
  const known = links.get(key);
  if (known !== undefined) {
    frames.close();
    return known;
  }
  if (links.size === 0) atExit(leaveAll, 'first');
  const link = new Link(where, frames);
  links.set(key, link);
  void frames.ended.then(() => {
    if (links.get(key) === link) links.delete(key);
    if (links.size === 0) process.removeListener('exit', leaveAll);
  });
  return link;
}

/** This thread ends in good order. */
function leaveAll(): void {
  for (const link of links.values()) link.leave();
}

const GONE: ReadonlySet<unknown> = new Set(['ENOENT', 'ECONNREFUSED', 'ERR_EOF', 'EPIPE', 'ERR_CONNECTION_RESET']);

function unreachable({ address }: Where, cause: unknown): unknown {
  // One that dies while it is connected to has not refused the secret: it went away.
  const { code } = (cause instanceof AuthenticationError ? (cause.cause ?? cause) : cause) as { readonly code?: unknown };
  if (!GONE.has(code)) return cause;
  return new ManagerGoneError(
    `no manager answers at ${typeof address === 'string' ? address : address.join(':')}: it was shut down, its process has ended, or there was none`,
    { cause },
  );
}

export class Link {
  readonly where: Where;
  readonly #frames: Frames;
  readonly #pending = new Map<number, Pending>();
  #last = 0;

  constructor(where: Where, frames: Frames) {
    this.where = where;
    this.#frames = frames;
    frames.listen((body) => this.#take(body));
    void frames.ended.then(() => this.#fail());
  }

  /** Calls a method. A signal, or the cancelling of the task that waits, has the server break off its wait; what it has granted by then, counts. */
  async call(object: number, method: string, args: readonly unknown[], signal?: AbortSignal): Promise<unknown> {
    signal?.throwIfAborted();
    const scope = ambient.scope?.() ?? null;
    scope?.checkpoint();
    const { id, one } = this.#register();
    const here = callersStack();
    this.#frames.hold();
    let cancelled: { readonly reason: unknown; readonly byScope: boolean } | null = null;
    const cancel = (reason: unknown, byScope: boolean): void => {
      if (cancelled !== null) return;
      cancelled = { reason, byScope };
      void this.#frames.send(pack(id, KIND.cancel)).catch(() => {});
    };
    const ignore = signal === undefined ? null : onAbort(signal, () => cancel(signal.reason, false));
    const unsubscribe = scope?.subscribe((reason) => cancel(reason, true));
    try {
      this.#send(id, pack(id, KIND.call, [object, method, args, true]));
      const value = await one.settled.promise;
      const late = cancelled as { readonly reason: unknown; readonly byScope: boolean } | null;
      if (late?.byScope === true) scope?.postpone(late.reason);
      return value;
    } catch (error) {
      const why = cancelled as { readonly reason: unknown } | null;
      throw why !== null && (error as { readonly code?: unknown } | null)?.code === 'ERR_CALL_CANCELLED'
        ? why.reason
        : withStack(error, here);
    } finally {
      this.#pending.delete(id);
      ignore?.();
      unsubscribe?.();
      this.#frames.letGo();
    }
  }

  /** The blocking twin of `call`. Answers of other calls that come meanwhile reach those who wait for them. */
  callSync(object: number, method: string, args: readonly unknown[]): unknown {
    const { id, one } = this.#register();
    const here = callersStack();
    try {
      try {
        this.#frames.sendSync(pack(id, KIND.call, [object, method, args, false]));
      } catch (error) {
        throw this.#lost(error);
      }
      const outcome = this.#hurry(one);
      if (outcome.ok) return outcome.value;
      throw withStack(outcome.error, here);
    } finally {
      this.#pending.delete(id);
    }
  }

  #register(): { readonly id: number; readonly one: Pending } {
    const id = (this.#last = (this.#last + 1) >>> 0);
    const one: Pending = { settled: deferred(), outcome: null };
    one.settled.promise.catch(() => {});
    this.#pending.set(id, one);
    return { id, one };
  }

  #send(id: number, body: Buffer): void {
    this.#frames.send(body).catch((error: unknown) => this.#settle(id, { ok: false, error: this.#lost(error) }));
  }

  /** Blocks until the call is answered. */
  #hurry(one: Pending): Outcome {
    for (;;) {
      if (one.outcome !== null) return one.outcome;
      try {
        this.#frames.listenSync();
      } catch (error) {
        return one.outcome ?? { ok: false, error: this.#lost(error) };
      }
    }
  }

  /** Gives an answer to who waits for it; modules that it names are loaded first, and the next answers do not wait for that. */
  #take(body: Buffer): void {
    const id = idOf(body);
    try {
      const opened = open(body);
      if (!(opened instanceof Promise)) return this.#settle(id, this.#outcome(body, opened.value));
      opened.then(
        ({ value }) => this.#settle(id, this.#outcome(body, value)),
        (error: unknown) => this.#settle(id, { ok: false, error }),
      );
    } catch (error) {
      this.#settle(id, { ok: false, error });
    }
  }

  #outcome(body: Buffer, value: unknown): Outcome {
    if (kindOf(body) === KIND.value) return { ok: true, value };
    return { ok: false, error: arrived(value, `the manager at ${String(this.where.address)}`) };
  }

  #settle(id: number, outcome: Outcome): void {
    const one = this.#pending.get(id);
    if (one === undefined) return;
    one.outcome = outcome;
    if (outcome.ok) one.settled.resolve(outcome.value);
    else one.settled.reject(outcome.error);
  }

  #fail(): void {
    const lost = this.#lost(undefined);
    for (const id of this.#pending.keys()) this.#settle(id, { ok: false, error: lost });
  }

  #lost(cause: unknown): ManagerGoneError {
    return new ManagerGoneError(`the manager at ${String(this.where.address)} is gone: it was shut down, or its process has ended`, {
      cause,
    });
  }

  /** Says goodbye: what this thread has locked stays locked. */
  leave(): void {
    try {
      this.#frames.sendSync(pack(0, KIND.bye), { timeout: 100 });
    } catch {
      // It is gone already, or busy.
    }
    this.#frames.close();
  }
}

/** Where this is called, written out only when somebody asks. */
function callersStack(): { readonly stack: string } {
  const here = { stack: '' };
  Error.captureStackTrace(here, callersStack);
  return here;
}

/** Below the stack of the manager's process stands that of the caller. */
function withStack(error: unknown, { stack }: { readonly stack: string }): unknown {
  if (!(error instanceof Error) || error instanceof ManagerGoneError) return error;
  const frames = stack.slice(stack.indexOf('\n') + 1);
  const whole = `${error.stack ?? String(error)}\n    --- in the manager's process; called here:\n${frames}`;
  Object.defineProperty(error, 'stack', { value: whole, configurable: true, writable: true });
  return error;
}
