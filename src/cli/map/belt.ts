import { Deque } from '../../base/deque.ts';
import { failureOf, isFailure, type Outcome } from './outcome.ts';
import type { Worked } from './work.ts';

/** An input on its way. */
export interface Slot {
  readonly index: number;
  readonly input: unknown;
  /** `null`: it is under way. */
  outcome: Outcome | null;
  tries: number;
}

export interface BeltOptions {
  /** The inputs, in pages: a page is what is there at once. */
  readonly pages: AsyncIterable<readonly unknown[]>;
  /** How many there are; Infinity when nobody knows. */
  readonly total: number;
  readonly submit: (items: readonly unknown[]) => PromiseLike<Worked>;
  readonly workers: number;
  /** `null`: it follows from how long items take. */
  readonly chunkSize: number | null;
  readonly isOrdered: boolean;
  /** How often an input is tried again that has failed. */
  readonly retries: number;
  /** The outcome that is known already, of an earlier run. */
  readonly earlier: ((slot: Slot) => Outcome | null) | null;
  /** Hears of outcomes as they come, before they are given. */
  readonly onDone: (slots: readonly Slot[]) => void;
  /** Whether an error means this chunk alone, or that nothing can run any more. */
  readonly isOfTheTask: (error: unknown) => boolean;
}

/** Chunks that are under way or wait, for each worker. */
const CHUNKS_EACH = 3;
const CHUNK_MS = 5;
const CHUNK_MAX = 1024;
/** So many inputs may be under way or wait for their turn, and so much text of results. */
const WINDOW = 8192;
const WINDOW_CHARACTERS = 64 * 2 ** 20;

/**
 * Carries inputs to workers and outcomes back, in order if asked to. What comes is read no faster than what goes is taken, so millions need no
 * more memory than thousands.
 */
export class Belt {
  readonly #options: BeltOptions;
  readonly #room: number;
  /** In order: all inputs on their way. Otherwise: those that are done. */
  readonly #slots = new Deque<Slot>();
  #underWay = 0;
  #held = 0;
  #characters = 0;
  #next = 0;
  #itemMs = 0;
  #isRead = false;
  #isStopped = false;
  #failure: { readonly error: unknown } | null = null;
  #wakeReader: (() => void) | null = null;
  #wakeWriter: (() => void) | null = null;

  constructor(options: BeltOptions) {
    this.#options = options;
    this.#room = options.workers * CHUNKS_EACH;
  }

  /** How many inputs have been read. */
  get count(): number {
    return this.#next;
  }

  /** Nothing more is handed over, and the outcomes end. */
  stop(): void {
    this.#isStopped = true;
    this.#wake();
  }

  /** Lets what was handed over come back, and reads no further inputs. */
  finish(): void {
    this.#isRead = true;
    this.#wake();
  }

  async *outcomes(): AsyncGenerator<Slot & { readonly outcome: Outcome }, void, void> {
    void this.#read();
    while (!this.#isStopped) {
      const slot = this.#slots.peek();
      if (slot !== undefined && slot.outcome !== null) {
        this.#slots.shift();
        this.#held--;
        this.#characters -= lengthOf(slot.outcome);
        this.#wakeWriter?.();
        yield slot as Slot & { readonly outcome: Outcome };
        continue;
      }
      if (this.#underWay === 0 && slot === undefined) {
        if (this.#failure !== null) throw this.#failure.error;
        if (this.#isRead) return;
      }
      await new Promise<void>((resolve) => (this.#wakeReader = resolve));
    }
    if (this.#failure !== null) throw this.#failure.error;
  }

  async #read(): Promise<void> {
    try {
      for await (const page of this.#options.pages) {
        for (let at = 0; at < page.length;) {
          while (!this.#hasRoom() && !this.#isStopped && !this.#isRead) await new Promise<void>((resolve) => (this.#wakeWriter = resolve));
          if (this.#isStopped || this.#isRead) return;
          const chunk: Slot[] = [];
          const size = this.#size();
          while (chunk.length < size && at < page.length && this.#held < WINDOW) {
            const slot: Slot = { index: this.#next++, input: page[at++], outcome: null, tries: 0 };
            this.#held++;
            slot.outcome = this.#options.earlier?.(slot) ?? null;
            if (this.#options.isOrdered || slot.outcome !== null) this.#slots.push(slot);
            if (slot.outcome === null) chunk.push(slot);
            else this.#arrived(slot);
          }
          if (chunk.length > 0) void this.#send(chunk);
          this.#wakeReader?.();
        }
      }
    } catch (error) {
      // What was read before is still delivered.
      this.#failure ??= { error };
    } finally {
      this.#isRead = true;
      this.#wakeReader?.();
    }
  }

  #hasRoom(): boolean {
    return this.#underWay < this.#room && this.#held < WINDOW && this.#characters < WINDOW_CHARACTERS;
  }

  #size(): number {
    const { chunkSize, total, workers } = this.#options;
    if (chunkSize !== null) return chunkSize;
    const byTime = this.#itemMs === 0 ? 1 : Math.ceil(CHUNK_MS / this.#itemMs);
    const byShare = total === Infinity ? CHUNK_MAX : Math.ceil((total - this.#next) / (workers * 4));
    return Math.max(1, Math.min(byTime, byShare, CHUNK_MAX));
  }

  async #send(chunk: readonly Slot[]): Promise<void> {
    this.#underWay++;
    try {
      await this.#run(chunk);
    } catch (error) {
      this.#failure ??= { error };
      this.#isStopped = true;
    } finally {
      this.#underWay--;
      this.#wake();
    }
  }

  async #run(chunk: readonly Slot[]): Promise<void> {
    const { submit, isOfTheTask, retries, isOrdered, onDone } = this.#options;
    let outcomes: readonly Outcome[];
    try {
      const [worked, ms] = await submit(chunk.map(({ input }) => input));
      outcomes = worked;
      this.#itemMs = this.#itemMs === 0 ? Math.max(ms / chunk.length, 1e-5) : (this.#itemMs + ms / chunk.length) / 2;
    } catch (error) {
      if (this.#isStopped) return;
      if (!isOfTheTask(error)) throw error;
      // One of them has ended its worker; alone, each shows whether it was the one.
      if (chunk.length > 1) {
        for (const slot of chunk) await this.#run([slot]);
        return;
      }
      outcomes = [failureOf(error)];
    }
    if (this.#isStopped) return;
    const [done, again]: [Slot[], Slot[]] = [[], []];
    for (const [i, slot] of chunk.entries()) {
      const outcome = outcomes[i]!;
      if (isFailure(outcome) && slot.tries++ < retries) again.push(slot);
      else {
        slot.outcome = outcome;
        done.push(slot);
      }
    }
    if (done.length > 0) onDone(done);
    for (const slot of done) {
      if (!isOrdered) this.#slots.push(slot);
      this.#arrived(slot);
    }
    this.#wakeReader?.();
    for (const slot of again) await this.#run([slot]);
  }

  #arrived(slot: Slot): void {
    this.#characters += lengthOf(slot.outcome!);
  }

  #wake(): void {
    this.#wakeReader?.();
    this.#wakeWriter?.();
  }
}

const lengthOf = (outcome: Outcome): number => (isFailure(outcome) ? outcome.stack.length : (outcome.json?.length ?? 0));
