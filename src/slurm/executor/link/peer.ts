import type { Channel } from '../../channel/channel.ts';
import { CODE } from '../../channel/codes.ts';
import type { Hello } from '../manager/hello.ts';
import type { Task } from './task.ts';

/** So long a node should have work for, beyond what its workers do: the time in which an answer may come, and more. */
const AHEAD_MS = 20;
/** How often the speed of a node is measured. */
const SPAN_MS = 10;
const WINDOW_MAX = 16_384;
const BYTES_MAX = 32 << 20;
/** How many results are confirmed together. */
const CONFIRM_EVERY = 256;
const CONFIRM_BYTES = 4 << 20;

/** A node, as the link sees it: what it has to do, and how fast it does it. */
export class Peer {
  readonly number: number;
  readonly hello: Hello;
  readonly channel: Channel;
  readonly workers: number;
  readonly tasks = new Map<number, Task>();
  readonly functions = new Set<number>();
  /** How many results have come from it, over all its connections: outcomes, and what tasks say and yield before. */
  results: number;
  confirmed: number;
  /** It takes no more, for this reason: SIGUSR2 is Slurm's notice that its time will be up, SIGTERM comes at the end. */
  leaves: string | null = null;
  /** It has been asked to give tasks back, and has not answered yet. */
  isRecalled = false;
  bytes = 0;
  #unconfirmed = 0;
  #rate = 0;
  #count = 0;
  #since = performance.now();

  constructor(number: number, hello: Hello, channel: Channel, workers: number, results: number) {
    this.number = number;
    this.hello = hello;
    this.channel = channel;
    this.workers = workers;
    this.results = results;
    this.confirmed = results;
  }

  get name(): string {
    return this.hello.host;
  }

  /** How many more tasks it should have now: as many as it has workers, and what it does until more can come. */
  get room(): number {
    if (this.leaves !== null || this.channel.isClosed) return 0;
    const { size } = this.tasks;
    if (size >= this.workers && this.bytes > BYTES_MAX) return 0;
    return Math.min(WINDOW_MAX, this.workers + Math.ceil(this.#rate * AHEAD_MS)) - size;
  }

  /** One more result has come. True when it is time to tell the node: until then it keeps them, for the case that the connection breaks. */
  received(bytes: number): boolean {
    this.results++;
    this.#unconfirmed += bytes;
    return this.results - this.confirmed >= CONFIRM_EVERY || this.#unconfirmed >= CONFIRM_BYTES;
  }

  confirm(): void {
    this.confirmed = this.results;
    this.#unconfirmed = 0;
    this.channel.send(CODE.seen, 0, this.results);
  }

  /** One more task has ended there. */
  countEnd(): void {
    this.#count++;
    const span = performance.now() - this.#since;
    if (span < SPAN_MS) return;
    // Up at once, down slowly: a pause in what is handed over says nothing about the node.
    const rate = this.#count / span;
    this.#rate = rate > this.#rate ? rate : this.#rate + (rate - this.#rate) * 0.3;
    this.#count = 0;
    this.#since = performance.now();
  }
}
