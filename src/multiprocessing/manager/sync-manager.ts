import type { Wait } from '../../base/deadline.ts';
import type { Queue } from '../../queue/index.ts';
import type { Barrier, BarrierOptions, Event } from '../../threading/index.ts';
import { BaseManager, type ManagerOptions } from './base-manager.ts';
import type { ConditionProxy, LockProxy, SemaphoreProxy } from './lock-proxies.ts';
import type { PoolOptions } from '../pool/pool.ts';
import type { PoolProxy } from './pool-proxy.ts';
import type { Proxied } from './proxy.ts';
import type { IterableQueueProxy } from './queue-proxy.ts';
import type { Cell, Names } from './types/cell.ts';
import type { Dict } from './types/dict.ts';
import type { List } from './types/list.ts';
import type { Bag } from './types/set.ts';

type Entries<K, V> = Iterable<readonly [K, V]> | Readonly<Record<string, V>>;

/** A queue in a manager. */
export type QueueProxy<T> = Omit<Proxied<Queue<T>>, 'get' | 'getSync' | 'put' | 'putSync'> &
  IterableQueueProxy<T> & {
    get(wait?: Wait): Promise<T>;
    getSync(wait?: Pick<Wait, 'timeout'>): T;
    put(item: T, wait?: Wait): Promise<void>;
    putSync(item: T, wait?: Pick<Wait, 'timeout'>): void;
  };

/** A barrier in a manager. */
export type BarrierProxy = Proxied<Barrier>;
/** An event in a manager. */
export type EventProxy = Proxied<Event>;
/** A dictionary in a manager. */
export type DictProxy<K = string, V = unknown> = Proxied<Dict<K, V>>;
/** A list in a manager. */
export type ListProxy<T = unknown> = Proxied<List<T>>;
/** A set in a manager. */
export type SetProxy<T = unknown> = Proxied<Bag<T>>;
/** An object in a manager whose fields are read and set. */
export type NamespaceProxy<T extends object = Record<string, unknown>> = Proxied<Names<T>>;
/** A value in a manager. */
export type ValueProxy<T> = Proxied<Cell<T>>;

type MaxSize = number | { readonly maxSize?: number | undefined };
const sizeOf = (given: MaxSize): number => (typeof given === 'object' && given !== null ? (given.maxSize ?? 0) : given);

/** Python gives a manager's values a type, and forgets it. */
function withoutType(given: number, what: string, example: string): void {
  if (given > 1) throw new TypeError(`the ${what} of a manager has no type: write manager.${what}(${example})`);
}

/**
 * A manager with the types of Python's `SyncManager`. Each method makes a new object in the manager's process, and gives a proxy of it; each
 * has a blocking twin, whose name ends in `Sync`, by `createSync`.
 */
export class SyncManager extends BaseManager {
  protected override readonly withBuiltins: boolean = true;

  /** A Map, with Python's words beside JavaScript's; from entries or from an object. */
  dict<K = string, V = unknown>(entries: Entries<K, V> = []): Promise<DictProxy<K, V>> {
    return this.create('dict', entries) as Promise<DictProxy<K, V>>;
  }
  /** The blocking twin of `dict`. */
  dictSync<K = string, V = unknown>(entries: Entries<K, V> = []): DictProxy<K, V> {
    return this.createSync('dict', entries) as DictProxy<K, V>;
  }
  /** An array, with Python's words beside JavaScript's. The items are copied. */
  list<T = unknown>(items: Iterable<T> = []): Promise<ListProxy<T>> {
    return this.create('list', [...items]) as Promise<ListProxy<T>>;
  }
  /** The blocking twin of `list`. */
  listSync<T = unknown>(items: Iterable<T> = []): ListProxy<T> {
    return this.createSync('list', [...items]) as ListProxy<T>;
  }
  /** A Set, with Python's words beside JavaScript's. The items are copied. */
  set<T = unknown>(items: Iterable<T> = []): Promise<SetProxy<T>> {
    return this.create('set', [...items]) as Promise<SetProxy<T>>;
  }
  /** The blocking twin of `set`. */
  setSync<T = unknown>(items: Iterable<T> = []): SetProxy<T> {
    return this.createSync('set', [...items]) as SetProxy<T>;
  }
  /** Names with values: `get('x')`, `set('x', 1)`. */
  Namespace<T extends object = Record<string, unknown>>(values: Partial<T> = {}): Promise<NamespaceProxy<T>> {
    return this.create('Namespace', values) as Promise<NamespaceProxy<T>>;
  }
  /** The blocking twin of `Namespace`. */
  NamespaceSync<T extends object = Record<string, unknown>>(values: Partial<T> = {}): NamespaceProxy<T> {
    return this.createSync('Namespace', values) as NamespaceProxy<T>;
  }
  /** One value, of any kind: `get()`, `set(v)`, `add(n)`. */
  Value<T>(value: T): Promise<ValueProxy<T>> {
    withoutType(arguments.length, 'Value', '0');
    return this.create('Value', value) as Promise<ValueProxy<T>>;
  }
  /** The blocking twin of `Value`. */
  ValueSync<T>(value: T): ValueProxy<T> {
    withoutType(arguments.length, 'Value', '0');
    return this.createSync('Value', value) as ValueProxy<T>;
  }
  /** As `list`: the name that Python has for numbers. */
  Array<T extends number | bigint = number>(items: Iterable<T>): Promise<ListProxy<T>> {
    withoutType(arguments.length, 'Array', '[1, 2]');
    return this.create('Array', [...items]) as Promise<ListProxy<T>>;
  }
  /** The blocking twin of `Array`. */
  ArraySync<T extends number | bigint = number>(items: Iterable<T>): ListProxy<T> {
    withoutType(arguments.length, 'Array', '[1, 2]');
    return this.createSync('Array', [...items]) as ListProxy<T>;
  }

  /** A queue, first in, first out. Without a limit when `maxSize` is 0. */
  Queue<T = unknown>(maxSize: MaxSize = 0): Promise<QueueProxy<T>> {
    return this.create('Queue', sizeOf(maxSize)) as unknown as Promise<QueueProxy<T>>;
  }
  /** The blocking twin of `Queue`. */
  QueueSync<T = unknown>(maxSize: MaxSize = 0): QueueProxy<T> {
    return this.createSync('Queue', sizeOf(maxSize)) as unknown as QueueProxy<T>;
  }
  /** A queue; `taskDone` and `join` say when its items are done with. Without a limit when `maxSize` is 0. */
  JoinableQueue<T = unknown>(maxSize: MaxSize = 0): Promise<QueueProxy<T>> {
    return this.create('JoinableQueue', sizeOf(maxSize)) as unknown as Promise<QueueProxy<T>>;
  }
  /** The blocking twin of `JoinableQueue`. */
  JoinableQueueSync<T = unknown>(maxSize: MaxSize = 0): QueueProxy<T> {
    return this.createSync('JoinableQueue', sizeOf(maxSize)) as unknown as QueueProxy<T>;
  }

  /** A lock that one at a time holds. */
  Lock(): Promise<LockProxy> {
    return this.create('Lock') as Promise<LockProxy>;
  }
  /** The blocking twin of `Lock`. */
  LockSync(): LockProxy {
    return this.createSync('Lock') as LockProxy;
  }
  /** A lock that its holder may acquire again, and has to release as often. */
  RLock(): Promise<LockProxy> {
    return this.create('RLock') as Promise<LockProxy>;
  }
  /** The blocking twin of `RLock`. */
  RLockSync(): LockProxy {
    return this.createSync('RLock') as LockProxy;
  }
  /** A semaphore with so many permits. */
  Semaphore(value = 1): Promise<SemaphoreProxy> {
    return this.create('Semaphore', value) as Promise<SemaphoreProxy>;
  }
  /** The blocking twin of `Semaphore`. */
  SemaphoreSync(value = 1): SemaphoreProxy {
    return this.createSync('Semaphore', value) as SemaphoreProxy;
  }
  /** A semaphore that can't be released more often than it was acquired. */
  BoundedSemaphore(value = 1): Promise<SemaphoreProxy> {
    return this.create('BoundedSemaphore', value) as Promise<SemaphoreProxy>;
  }
  /** The blocking twin of `BoundedSemaphore`. */
  BoundedSemaphoreSync(value = 1): SemaphoreProxy {
    return this.createSync('BoundedSemaphore', value) as SemaphoreProxy;
  }
  /** A condition with a re-entrant lock of its own. */
  Condition(): Promise<ConditionProxy> {
    return this.create('Condition') as Promise<ConditionProxy>;
  }
  /** The blocking twin of `Condition`. */
  ConditionSync(): ConditionProxy {
    return this.createSync('Condition') as ConditionProxy;
  }
  /** A flag, not set, that can be waited for. */
  Event(): Promise<EventProxy> {
    return this.create('Event') as Promise<EventProxy>;
  }
  /** The blocking twin of `Event`. */
  EventSync(): EventProxy {
    return this.createSync('Event') as EventProxy;
  }
  /** The action, if any, is copied to the manager, and runs there. */
  Barrier(parties: number, options: BarrierOptions = {}): Promise<BarrierProxy> {
    return this.create('Barrier', parties, options) as Promise<BarrierProxy>;
  }
  /** The blocking twin of `Barrier`. */
  BarrierSync(parties: number, options: BarrierOptions = {}): BarrierProxy {
    return this.createSync('Barrier', parties, options) as BarrierProxy;
  }

  /** A pool whose workers are processes of the manager's. It ends with the manager, and when nobody has a proxy of it any more. */
  Pool<I extends readonly unknown[]>(options: number | PoolOptions<I> = {}): Promise<PoolProxy> {
    return this.create('Pool', options) as Promise<PoolProxy>;
  }
  /** The blocking twin of `Pool`. */
  PoolSync<I extends readonly unknown[]>(options: number | PoolOptions<I> = {}): PoolProxy {
    return this.createSync('Pool', options) as PoolProxy;
  }
}

/**
 * A manager whose process is being started: `await using manager = Manager()`. The first call waits for it; what keeps it from starting is told
 * then. Python's `multiprocessing.Manager`.
 */
export function Manager(options?: ManagerOptions): SyncManager {
  const manager = new SyncManager(options);
  // Whoever uses it is told.
  manager.start().catch(() => {});
  return manager;
}
