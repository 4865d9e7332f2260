import { outsideScopes } from '../../base/ambient.ts';
import { type Deadline, NEVER } from '../../base/deadline.ts';
import { StateError } from '../../base/errors.ts';
import type { ChunkResult } from '../../futures/fabric/chunk.ts';
import { PoolCore } from '../../futures/fabric/pool-core.ts';
import { type AnyFuture, outcome, whenDone } from '../../futures/future.ts';
import { HOW_ALL, HOW_STARMAP } from '../../futures/process-pool/board.ts';
import { type Task, terminated } from '../../futures/process-pool/crew.ts';
import type { Outcome } from '../../futures/process-pool/job.ts';
import { packed } from '../../futures/value-list.ts';
import type { Workforce } from './workforce.ts';

type Settle = (outcome: Outcome) => void;

export interface ThreadCrewOptions {
  readonly workers: number;
  readonly name: string;
  readonly initializer?: ((...args: never[]) => unknown) | undefined;
  readonly initArgs?: readonly unknown[] | undefined;
}

/** An abandoned pool lets its threads go once everything has run. */
const abandoned = new FinalizationRegistry<PoolCore>((core) => void core.ending.stop());

/** The threads of a pool: those of a `ThreadPoolExecutor`, all of them there from the beginning. */
export class ThreadCrew implements Workforce {
  readonly #core: PoolCore;
  readonly #pending = new Map<AnyFuture, Settle>();
  #isClosed = false;
  #isTerminated = false;
  #end: Promise<void> | null = null;

  constructor({ workers, name, initializer = null as never, initArgs }: ThreadCrewOptions) {
    this.#core = new PoolCore({
      name,
      maxWorkers: workers,
      minWorkers: workers,
      eagerWorkers: workers,
      idleTimeout: Infinity,
      initializer,
      initargs: initArgs,
    });
    abandoned.register(this, this.#core, this);
  }

  get broken(): Error | null {
    return this.#isTerminated ? null : this.#core.broken;
  }
  get isClosed(): boolean {
    return this.#isClosed || this.broken !== null;
  }

  submit({ fn, how, input }: Pick<Task, 'fn' | 'how' | 'input'>, settle: Settle): void {
    if (this.broken !== null) throw this.broken;
    if (this.#isClosed) throw new StateError('ERR_POOL_CLOSED', 'cannot submit a task: the pool is closed');
    const values = input as readonly unknown[];
    const core = this.#core;
    const future = how === HOW_ALL ? core.submit(fn, values) : core.submitChunk(core.numberOf(fn), fn, packed(values), how === HOW_STARMAP);
    this.#pending.set(future, settle);
    whenDone(future, () => {
      // One that the end of the pool has settled is not here any more.
      if (this.#pending.delete(future)) settle(how === HOW_ALL ? outcomeOf(future) : ofChunk(outcomeOf(future)));
    });
  }

  drain(): void {
    this.#core.drain();
  }

  waitSync(isReady: () => boolean, deadline: Deadline): boolean {
    let isDone = false;
    // To ask is to take what is there: not once more, then.
    this.#core.waitSync(() => (isDone = isReady()), deadline);
    return isDone;
  }

  close(): void {
    this.#isClosed = true;
    void this.#stop();
  }

  terminate(): void {
    if (this.#isTerminated) return;
    // What is done is done.
    this.#core.drain();
    this.#isTerminated = this.#isClosed = true;
    const pending = [...this.#pending.values()];
    this.#pending.clear();
    for (const settle of pending) settle(terminated());
    abandoned.unregister(this);
    this.#end = outsideScopes(() => this.#core.terminate());
  }

  #stop(): Promise<void> {
    abandoned.unregister(this);
    // Who is cancelled while it waits no longer waits; the pool ends all the same.
    return (this.#end ??= outsideScopes(() => this.#core.ending.stop()));
  }

  gone(): Promise<void> {
    return this.#stop();
  }

  goneSync(deadline: Deadline = NEVER): boolean {
    return this.#core.ending.stopSync(deadline);
  }
}

function outcomeOf(future: AnyFuture): Outcome {
  try {
    return { ok: true, value: outcome(future) };
  } catch (error) {
    return { ok: false, error };
  }
}

/** A chunk whose function has thrown gives that, as it does in a process. */
function ofChunk(chunk: Outcome): Outcome {
  if (!chunk.ok) return chunk;
  const [values, failed, error] = chunk.value as ChunkResult;
  return failed ? { ok: false, error } : { ok: true, value: values };
}
