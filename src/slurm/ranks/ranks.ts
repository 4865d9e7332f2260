import type { Wait } from '../../base/deadline.ts';
import { deferred, type Deferred } from '../../base/deferred.ts';
import { StateError, TimeoutError } from '../../base/errors.ts';
import { within } from '../../base/within.ts';
import { decodeAsync, encode } from '../../message/index.ts';
import type { Task } from '../task.ts';
import { RankLostError } from './errors.ts';
import { ALL_GATHER, BARRIER, BROADCAST, GATHER, type Part, type Reply, SCATTER } from './hub.ts';

/** Which task gathers, or gives, and how long the others wait for it. */
export interface RootOptions extends Wait {
  /** The task that gathers, or that gives; 0 when left out. */
  readonly root?: number | undefined;
}

/** The way to the first task, or to the hub in it. */
export interface Line {
  send(meeting: number, part: Part): void;
  /** Somebody waits, or nobody does: an idle program may end. */
  hold(isHeld: boolean): void;
  close(): Promise<void>;
}

/**
 * The tasks that `srun` has started together, as each of them sees them. What they do together each of them calls, in the same order: the first call
 * of one meets the first call of the others. A value is copied, as when it is sent to a thread or a process.
 *
 * When a task ends, what waits for it, and all that comes later, rejects with `RankLostError`. Whoever gives up waiting (`timeout`, `signal`)
 * has taken part all the same; the others go on.
 */
export class Ranks implements AsyncDisposable {
  /** Which task this is, from 0 on, over all nodes. */
  readonly rank: number;
  /** How many tasks there are, on all nodes together. */
  readonly size: number;
  /** Its number among the tasks of its node, from 0 on. */
  readonly localRank: number;
  /** The node that this task runs on. */
  readonly node: string;
  /** All nodes of the step, in the order of their ranks. */
  readonly nodes: readonly string[];
  private readonly line: Line;
  private readonly waiting = new Map<number, Deferred<Reply>>();
  private meetings = 0;
  private loss: Error | null = null;

  /** @internal */
  constructor({ rank, size, localRank, node, nodes }: Task, line: (ranks: Ranks) => Line) {
    this.rank = rank;
    this.size = size;
    this.localRank = localRank;
    this.node = node;
    this.nodes = nodes;
    this.line = line(this);
  }

  /** Waits until all tasks have come here. */
  async barrier(wait: Wait = {}): Promise<void> {
    await this.meet({ kind: BARRIER, root: 0, values: [] }, wait);
  }

  /** Gives the values of all tasks, by rank, to one of them; the others get `null`. */
  async gather<T>(value: T, { root = 0, ...wait }: RootOptions = {}): Promise<T[] | null> {
    const values = await this.meet({ kind: GATHER, root: this.checked(root), values: [bytesOf(value)] }, wait);
    return this.rank === root ? (values as T[]) : null;
  }

  /** Gives the values of all tasks, by rank, to each of them. */
  async allGather<T>(value: T, wait: Wait = {}): Promise<T[]> {
    return (await this.meet({ kind: ALL_GATHER, root: 0, values: [bytesOf(value)] }, wait)) as T[];
  }

  /** Gives all tasks the value of one of them. What the others pass is not looked at. */
  async broadcast<T>(value: T | null | undefined, { root = 0, ...wait }: RootOptions = {}): Promise<T> {
    const values = this.rank === this.checked(root) ? [bytesOf(value)] : [];
    return (await this.meet({ kind: BROADCAST, root, values }, wait))[0] as T;
  }

  /** Deals out the list of one task: each gets the value at its rank. What the others pass is not looked at. */
  async scatter<T>(list: readonly T[] | null, { root = 0, ...wait }: RootOptions = {}): Promise<T> {
    const isRoot = this.rank === this.checked(root);
    if (isRoot && list?.length !== this.size)
      throw new RangeError(`scatter needs one value for each of the ${this.size} tasks: got ${list === null ? 'null' : list.length}`);
    return (await this.meet({ kind: SCATTER, root, values: isRoot ? list!.map(bytesOf) : [] }, wait))[0] as T;
  }

  /** This task takes no more part. What has been called ends first. */
  async close(): Promise<void> {
    this.loss ??= new StateError('ERR_RANKS_CLOSED', 'this task has left the others: nothing can be done together after `close`');
    await Promise.allSettled([...this.waiting.values()].map(({ promise }) => promise));
    await this.line.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** @internal A meeting is over. */
  hear(meeting: number, reply: Reply): void {
    const met = this.waiting.get(meeting);
    if (met === undefined) return;
    this.waiting.delete(meeting);
    met.resolve(reply);
    if (this.waiting.size === 0) this.line.hold(false);
  }

  /** @internal Nothing can be done together any more. */
  lose(error: RankLostError): void {
    this.loss ??= error;
    for (const { reject } of this.waiting.values()) reject(error);
    this.waiting.clear();
    this.line.hold(false);
  }

  private checked(root: number): number {
    if (!Number.isInteger(root) || root < 0 || root >= this.size)
      throw new RangeError(`root must be a rank below ${this.size}: got ${root}`);
    return root;
  }

  private async meet(part: Part, wait: Wait): Promise<unknown[]> {
    if (this.loss !== null) throw this.loss;
    const number = this.meetings++;
    const met = deferred<Reply>();
    met.promise.catch(() => {});
    this.waiting.set(number, met);
    this.line.hold(true);
    this.line.send(number, part);
    const end = await within(met.promise, wait);
    if (!end.inTime) throw new TimeoutError(`the other tasks have not come within ${wait.timeout} ms`);
    if ('refusal' in end.value) throw new StateError('ERR_RANKS_DISAGREE', end.value.refusal);
    const values: unknown[] = [];
    for (const bytes of end.value.values) values.push((await decodeAsync(bytes)).value);
    return values;
  }
}

const bytesOf = (value: unknown): Uint8Array => new Uint8Array(encode(value, { where: 'program' }).bytes);
