import { Queue } from '../../../queue/index.ts';
import { Barrier, BoundedSemaphore, Condition, Event, Lock, RLock, Semaphore } from '../../../threading/index.ts';
import type { Registered, Registry } from '../registry.ts';
import type { Pool, PoolOptions } from '../../pool/pool.ts';
import { Cell, Names } from './cell.ts';
import { Dict } from './dict.ts';
import { List } from './list.ts';
import { Bag } from './set.ts';

/** Of the results of a pool's methods these stay with it. */
const poolResults = {
  applyAsync: 'AsyncResult',
  mapAsync: 'AsyncResult',
  starmapAsync: 'AsyncResult',
  imap: 'Iterator',
  imapUnordered: 'Iterator',
} as const;

/** Few managers have a pool: the others do not load it. */
const makePool = async (options?: number | PoolOptions): Promise<Pool> => new (await import('../../pool/pool.ts')).Pool(options);

/** The types that every manager of `Manager()` has. */
export const builtinTypes: Registry = new Map<string, Registered>([
  ['dict', { factory: Dict as never }],
  ['list', { factory: List as never }],
  ['set', { factory: Bag as never }],
  ['Namespace', { factory: Names as never }],
  ['Value', { factory: Cell as never }],
  ['Array', { factory: List as never }],
  ['Queue', { factory: ((maxSize = 0) => new Queue({ maxSize })) as never }],
  ['JoinableQueue', { factory: ((maxSize = 0) => new Queue({ maxSize })) as never }],
  ['Lock', { factory: (() => new Lock()) as never }],
  ['RLock', { factory: (() => new RLock()) as never }],
  ['Semaphore', { factory: ((value?: number) => new Semaphore(value)) as never }],
  ['BoundedSemaphore', { factory: ((value?: number) => new BoundedSemaphore(value)) as never }],
  ['Condition', { factory: (() => new Condition()) as never }],
  ['Event', { factory: (() => new Event()) as never }],
  ['Barrier', { factory: ((parties: number, options?: object) => new Barrier(parties, options)) as never }],
  ['Pool', { factory: makePool as never, methodToTypeId: poolResults, end: (pool: Pool) => pool.terminate() }],
]);
