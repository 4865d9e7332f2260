import { isMainThread } from 'node:worker_threads';
import { StateError } from '../base/errors.ts';
import { endOnInterrupt } from '../host/process/interrupt.ts';
import { hasLibrary, whyNoLibrary } from '../system/library.ts';
import { setDisposition, signalsIn, unblock } from '../system/signals.ts';
import { isRealTime, type Signal, signalNamed, type SignalName } from './names.ts';

/*
 * Where signals arrive. There is one listener of ours for a signal, beside those of other code, and only while somebody
 * here wants to know of it. An arrival goes, in this order,
 *
 *   to whoever listens (iterators, abortOn): all of them, beside what follows
 *   to the first who waits for it (`sigwait`): it is consumed then
 *   into `pending`, while it is blocked: once, however often it comes
 *   to the handler, after the wake-up descriptor
 *   to whoever pauses until a handler has run
 */
/** Called with the name and the number of a signal that has come. */
export type Handler = (name: SignalName, number: number) => unknown;
export type Listener = (name: SignalName, number: number) => void;

interface Channel {
  readonly name: SignalName;
  readonly number: number;
  handler: Handler | null;
  ignored: boolean;
  blocked: boolean;
  pending: boolean;
  readonly waiters: Set<Listener>;
  readonly listeners: Set<Listener>;
  /** Our listener at Node's process, while there is one. */
  attached: (() => void) | null;
}

const channels = new Map<number, Channel>();
/** Told of each signal that has a handler, before it runs. */
export const wakeup: { write: ((number: number) => void) | null } = { write: null };
const pausers = new Set<() => void>();

/** A mistake of Node's: in a worker, `process.on` of a signal does nothing and says nothing. */
export function mainThreadOnly(what: string): void {
  if (isMainThread) return;
  throw new StateError(
    'ERR_NOT_MAIN_THREAD',
    `${what} works in the main thread only, as signals are handled there. Set the handler in the main thread, ` +
      'and let it tell this thread by an Event or a Queue',
  );
}

/** The channel of a signal that can be caught. `StateError` for those that can't, with the reason. */
export function channelOf(signal: Signal, what: string): Channel {
  mainThreadOnly(what);
  const { name, number } = signalNamed(signal);
  const found = channels.get(number);
  if (found !== undefined) return found;
  if (name === 'SIGKILL' || name === 'SIGSTOP')
    throw new StateError('ERR_SIGNAL_UNCATCHABLE', `${what}: ${name} can't be caught, blocked or ignored`);
  if (isRealTime(number)) {
    throw new StateError(
      'ERR_SIGNAL_UNCATCHABLE',
      `${what}: Node.js can't receive the real-time signal ${name}. It can be sent. Use SIGUSR1 or SIGUSR2`,
    );
  }
  if (name === 'SIGUSR1') receiveUsr1(number, what);
  const channel: Channel = {
    name,
    number,
    handler: null,
    // Node leaves SIGPIPE ignored. (What its own parent had ignored, by nohup, it forgets when it starts.)
    ignored: isIgnored(number),
    blocked: false,
    pending: false,
    waiters: new Set(),
    listeners: new Set(),
    attached: null,
  };
  channels.set(number, channel);
  return channel;
}

/** With --disable-sigusr1 Node blocks it, and a listener never runs. */
function receiveUsr1(number: number, what: string): void {
  if (!signalsIn('blocked').has(number)) return;
  if (!hasLibrary()) {
    throw new StateError(
      'ERR_SIGNAL_BLOCKED',
      `${what}: Node.js was started with --disable-sigusr1, which blocks SIGUSR1, and it can't be unblocked: ${whyNoLibrary()}`,
    );
  }
  unblock(number);
}

/** What the system does, where nobody here has said anything. */
export function isIgnored(number: number): boolean {
  const found = channels.get(number);
  return found === undefined ? signalsIn('ignored').has(number) : found.ignored;
}

export const handlerOf = (number: number): Handler | null => channels.get(number)?.handler ?? null;

/** Whether other code of this thread listens to a signal, beside what is here. What ends a child by SIGINT stands for the system. */
export function othersListen(name: SignalName, number: number): boolean {
  return listenersBeside(channels.get(number)?.attached ?? null, name).some((listener) => listener !== endOnInterrupt);
}

const listenersBeside = (ours: Channel['attached'], name: SignalName): (() => void)[] =>
  process.listeners(name as NodeJS.Signals).filter((listener) => listener !== ours) as (() => void)[];

/** Attaches our listener where it is needed, and takes it away where it is not; call it after each change. */
export function refresh(channel: Channel): void {
  const { name, number, handler, blocked, waiters, listeners, attached } = channel;
  const isHeard = handler !== null || blocked || waiters.size > 0 || listeners.size > 0;
  // The system ignores it, and so do children, unless somebody here listens.
  const isLeftToSystem = channel.ignored && !isHeard && hasLibrary() && listenersBeside(attached, name).length === 0;
  if (isHeard || (channel.ignored && !isLeftToSystem)) {
    if (channel.attached !== null) return;
    channel.attached = () => arrive(channel);
    process.on(name as NodeJS.Signals, channel.attached);
    return;
  }
  if (channel.attached !== null) process.off(name, channel.attached);
  channel.attached = null;
  if (isLeftToSystem) setDisposition(number, 'ignored');
}

/** Says what shall happen when the signal comes: a handler, nothing (`'ignored'`), or what the system does by itself. */
export function dispose(channel: Channel, what: Handler | 'ignored' | 'default'): void {
  const wasLeftToSystem = channel.ignored && channel.attached === null;
  channel.handler = typeof what === 'function' ? what : null;
  channel.ignored = what === 'ignored';
  refresh(channel);
  if (what === 'default' && wasLeftToSystem && channel.attached === null && hasLibrary()) setDisposition(channel.number, 'default');
}

function arrive(channel: Channel): void {
  const { name, number, waiters, listeners, handler } = channel;
  for (const listener of listeners) listener(name, number);
  for (const waiter of waiters) {
    waiters.delete(waiter);
    waiter(name, number);
    return;
  }
  if (channel.blocked) {
    channel.pending = true;
    return;
  }
  if (handler === null) return;
  wakeup.write?.(number);
  try {
    handler(name, number);
  } finally {
    for (const wake of pausers) wake();
  }
}

/** Calls `listener` at each arrival until the returned function is called. */
export function listen(signals: Iterable<Signal>, listener: Listener, what: string): () => void {
  const heard = [...new Set([...signals].map((signal) => channelOf(signal, what)))];
  for (const channel of heard) {
    channel.listeners.add(listener);
    refresh(channel);
  }
  return () => {
    for (const channel of heard) {
      channel.listeners.delete(listener);
      refresh(channel);
    }
  };
}

/** Gives the next arrival of one of the signals to `waiter`, and to nobody else. Returns the way to take it back. */
export function consume(channels: readonly Channel[], waiter: Listener): () => void {
  for (const channel of channels) {
    channel.waiters.add(waiter);
    refresh(channel);
  }
  return () => {
    for (const channel of channels) {
      channel.waiters.delete(waiter);
      refresh(channel);
    }
  };
}

/** Takes a pending arrival, if there is one. */
export function takePending(channels: readonly Channel[]): Channel | null {
  const found = channels.find((channel) => channel.pending) ?? null;
  if (found !== null) found.pending = false;
  return found;
}

/** An arrival that was consumed and is given back. */
export const giveBack = (channel: Channel): void => arrive(channel);

/** Holds arrivals back, or lets them come: one that is pending comes at once. */
export function setBlocked(channel: Channel, blocked: boolean): void {
  if (channel.blocked === blocked) return;
  channel.blocked = blocked;
  const { pending } = channel;
  if (!blocked) channel.pending = false;
  refresh(channel);
  if (blocked || !pending) return;
  if (channel.handler !== null) arrive(channel);
  else if (!channel.ignored) process.kill(process.pid, channel.number);
}

/** The signals that are blocked, or that have come meanwhile. */
export function channelsThatAre(what: 'blocked' | 'pending'): Set<SignalName> {
  return new Set([...channels.values()].filter((channel) => channel[what]).map(({ name }) => name));
}

/** Calls `wake` whenever a handler of ours has run. Returns the way to take it back. */
export function afterHandlers(wake: () => void): () => void {
  pausers.add(wake);
  return () => void pausers.delete(wake);
}

export type { Channel };
