import { nameError } from '../base/errors.ts';
import { type Heap, sharedHeap } from '../word/heap.ts';
import { isAlive, list, nameOf } from '../word/roster.ts';
import { type WaitRecord, waitsOf } from '../word/waits.ts';
import { FOREIGN, nameOfLock, OWNER, flagsOfLock } from './lock-block.ts';

/*
 * Deadlocks: who waits for whom, read from the roster.
 *
 * A thread is stuck when nothing but another stuck thread could let it go on:
 *   - it blocks, without an end of its own, in a lock that a stuck thread holds or a join of a stuck thread;
 *   - or it awaits such things only, and its event loop has had nothing else to wait for, look after look.
 * A wait with a time-out or a signal ends by itself, and waits for semaphores, events, conditions and
 * queues can be ended by anybody: threads in those are not stuck, and who waits for them is not either.
 *
 * A plain lock may be released by a thread that does not hold it. So a lock that has ever been released
 * that way counts for nothing here, and a thread that waits for a lock which it holds itself is stuck
 * only when every other living thread is stuck too.
 *
 * Nothing is stopped while this looks: it looks twice, and believes what was the same both times, for a
 * stuck thread cannot change what it waits for.
 */

/** How many looks a thread's event loop must have been found idle before what it awaits counts. */
const IDLE_LOOKS = 3;

export interface Waiter {
  readonly thread: string;
  /** "lock A", "the end of worker-2" */
  readonly waitsFor: string;
  /** Who holds the lock, or is joined. */
  readonly heldBy: string;
  /** "file:line:column", or '' when unknown. */
  readonly where: string;
}

/** Threads wait for each other in a ring, and none of them can go on. Thrown in one of them; the others go on when it gives up what it holds. */
export class DeadlockError extends Error {
  readonly code: string = 'ERR_DEADLOCK';
  /** The ring, beginning with the thread in which this was thrown. */
  readonly cycle: readonly Waiter[];
  constructor(cycle: readonly Waiter[]) {
    const lines = cycle.map(
      ({ thread, waitsFor, heldBy, where }) =>
        `\n  ${thread} waits for ${waitsFor}${where === '' ? '' : ` (at ${where})`}${waitsFor.startsWith('lock') ? `, which ${heldBy} holds` : ''}`,
    );
    super(
      `deadlock: ${cycle.length === 1 ? 'a thread waits for what only itself could release' : `${cycle.length} threads wait for each other`}${lines.join('')}`,
    );
    this.cycle = cycle;
  }
}
nameError(DeadlockError, 'DeadlockError');

interface Edge {
  readonly from: number;
  readonly to: number;
  readonly wait: WaitRecord;
}

/** The thread that alone can end this wait; 0 when anybody can, or when it will end anyway. */
function needs({ kind, target, endless }: WaitRecord, heap: Heap): number {
  if (!endless || kind === 'other') return 0;
  if (kind === 'join') return isAlive(target, heap) ? target : 0;
  heap.reach(target + 16);
  if (kind === 'lock' && (flagsOfLock(target, heap) & FOREIGN) !== 0) return 0;
  const owner = Atomics.load(heap.i32, target / 4) & OWNER;
  return owner !== 0 && isAlive(owner, heap) ? owner : 0;
}

/** What holds up a stuck thread; `null` when it is not stuck by itself. */
function edgesOf(id: number, heap: Heap): Edge[] | null {
  const waits = waitsOf(id, heap);
  if (waits === null || waits.length === 0) return null;
  const blocking = waits.find(({ blocks }) => blocks);
  const deciding = blocking === undefined ? waits : [blocking];
  if (blocking === undefined && !waits.every(({ idleLooks }) => idleLooks >= IDLE_LOOKS)) return null;
  const edges = deciding.map((wait) => ({ from: id, to: needs(wait, heap), wait }));
  return edges.every(({ to }) => to !== 0) ? edges : null;
}

/** Everything that holds up `id`, directly or not; `null` when something in it can still move. */
function closure(id: number, heap: Heap): Map<number, Edge[]> | null {
  const known = new Map<number, Edge[]>();
  const open = [id];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (known.has(next)) continue;
    const edges = edgesOf(next, heap);
    if (edges === null) return null;
    known.set(next, edges);
    open.push(...edges.map(({ to }) => to));
  }
  return known;
}

/** The shortest way from `id` back to itself. */
function ring(id: number, graph: ReadonlyMap<number, readonly Edge[]>): Edge[] | null {
  const ways: Edge[][] = graph.get(id)!.map((edge) => [edge]);
  const visited = new Set<number>();
  for (let way = ways.shift(); way !== undefined; way = ways.shift()) {
    const { to } = way[way.length - 1]!;
    if (to === id) return way;
    if (visited.has(to)) continue;
    visited.add(to);
    ways.push(...graph.get(to)!.map((edge) => [...way, edge]));
  }
  return null;
}

function find(heap: Heap): Edge[] | null {
  const self = heap.self.id;
  const graph = closure(self, heap);
  const found = graph && ring(self, graph);
  if (found === null || found === undefined) return null;
  if (found.length === 1 && !list(heap).every(({ id }) => id === self || closure(id, heap) !== null)) return null;
  return found;
}

const same = (one: readonly Edge[], other: readonly Edge[]): boolean =>
  one.length === other.length && one.every(({ to, wait }, i) => other[i]!.to === to && other[i]!.wait.serial === wait.serial);

/** The deadlock that the calling thread is in, if it is the one to report it: the youngest whose wait can be broken off. */
export function findDeadlock(heap: Heap = sharedHeap()): DeadlockError | null {
  const first = find(heap);
  if (first === null) return null;
  const second = find(heap);
  if (second === null || !same(first, second)) return null;
  const breakable = first.filter(({ wait }) => wait.breakable).map(({ from }) => from);
  if (Math.max(...breakable) !== heap.self.id) return null;
  return new DeadlockError(first.map((edge) => describe(edge, heap)));
}

function describe({ from, to, wait }: Edge, heap: Heap): Waiter {
  const waitsFor = wait.kind === 'join' ? `the end of ${nameOf(to, heap)}` : `lock ${nameOfLock(wait.target, heap)}`;
  return { thread: nameOf(from, heap), waitsFor, heldBy: nameOf(to, heap), where: wait.where };
}
