import { within } from '../../base/within.ts';
import type { Attached } from '../../host/attach/attach.ts';
import { InspectedThreads } from '../../host/thread/evaluate.ts';
import { QUESTION, type RawFrame } from '../../host/thread/stack-reader.ts';
import { programFrames } from '../../host/thread/program-frames.ts';
import type { ThreadDescription, ThreadsDescription } from '../../threading/describe.ts';

/** What can be said of a process that nobody has prepared. */
export interface ProcessDescription {
  readonly argv: readonly string[];
  readonly version: string;
  readonly uptime: number;
  readonly rss: number;
  /** Its threads, if it uses this package. */
  readonly manycore: ThreadsDescription | null;
}

/** A thread of a process, at one moment. */
export interface ThreadView {
  readonly number: number;
  readonly name: string;
  readonly waits: readonly string[];
  /** Innermost first; `null` when it gave no answer. */
  readonly frames: readonly RawFrame[] | null;
  /** It was in its event loop. */
  readonly isIdle: boolean;
}

const DESCRIBE = `({ argv: process.argv, version: process.version, uptime: process.uptime(), rss: process.memoryUsage.rss(), manycore: globalThis[Symbol.for('manycore.threads')]?.() ?? null })`;

/** The threads of a process that is attached, as long as it is. */
export class ProcessView {
  readonly threads: InspectedThreads;
  readonly #patience: number;

  constructor(attached: Attached, patience: number) {
    this.threads = new InspectedThreads(attached);
    this.#patience = patience;
  }

  /** What comes in time; `undefined` for a thread that runs native code, which nothing interrupts. */
  async inTime<T>(answer: Promise<T>): Promise<T | undefined> {
    const ended = await within(answer, { timeout: this.#patience });
    return ended.inTime ? ended.value : undefined;
  }

  async describe(): Promise<ProcessDescription | undefined> {
    return (await this.inTime(this.threads.evaluate(0, DESCRIBE))) as ProcessDescription | undefined;
  }

  /** The name of a thread: its own, or that of its worker. */
  nameOf(number: number, description: ProcessDescription | undefined): string {
    const known = threadOf(number, description);
    if (known !== undefined) return known.name;
    if (number === 0) return 'main thread';
    const title = this.threads.titleOf(number);
    return /^manycore-\d+$/.test(title) ? `worker ${number} (carries no thread)` : `worker ${number}${title === '' ? '' : ` (${title})`}`;
  }

  /** What each thread does; with `all`, what goes on inside this package and Node too. */
  async look(description: ProcessDescription | undefined, all: boolean): Promise<ThreadView[]> {
    return Promise.all(
      this.threads.numbers.map(async (number): Promise<ThreadView> => {
        const frames = (await this.inTime(this.threads.evaluate(number, QUESTION))) as readonly RawFrame[] | undefined;
        const waits = threadOf(number, description)?.waits ?? [];
        // The two innermost frames are the question itself.
        const raw = frames?.slice(2) ?? null;
        const own = description?.manycore?.own;
        const shown = raw === null || all || own === undefined ? raw : programFrames(raw, own);
        return { number, name: this.nameOf(number, description), waits, frames: shown, isIdle: raw?.length === 0 };
      }),
    );
  }
}

/** The thread that a worker carries, as the process describes it. */
export function threadOf(number: number, description: ProcessDescription | undefined): ThreadDescription | undefined {
  return description?.manycore?.threads.find(({ worker }) => worker === number);
}
