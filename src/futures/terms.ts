import type { ContextOf } from '../threading/context.ts';

/** On which terms a task is run. Not every executor knows all of them: one that it does not know is refused. */
export interface Terms {
  /** Milliseconds that a task may run, from its start on; then it is broken off and its future, or the stream that it has become, fails with `TimeoutError`. */
  readonly timeout?: number | undefined;
  /** Breaks off what is handed over on these terms; its futures, and streams that have begun, fail with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** Tasks with a greater one begin earlier; 0 when left out. */
  readonly priority?: number | undefined;
  /** How often a task is run again that failed, or whose worker died; not one whose time was up. */
  readonly retries?: number | RetryOptions | undefined;
  /** What is given to the task instead of copied: ArrayBuffers and MessagePorts among the arguments. */
  readonly transfer?: readonly unknown[] | undefined;
  /** Is called with each value that the task sends by `emit`. */
  readonly onMessage?: ((message: never) => void) | undefined;
  /** AsyncLocalStorages whose values the task begins with, in the place of those of the executor; `null`: none. */
  readonly context?: ContextOf | null | undefined;
}

/** How often, and when, a task that has failed is run again. */
export interface RetryOptions {
  /** How many times at most it is run again after its first failure. */
  readonly times: number;
  /** Milliseconds before the first retry, 0 when left out; each further one waits `factor` times as long. */
  readonly delay?: number | undefined;
  /** 2 when left out. */
  readonly factor?: number | undefined;
  /** No wait is longer: 30,000 when left out. */
  readonly maxDelay?: number | undefined;
  /** Whether this error is worth a retry; all are when left out. */
  readonly when?: ((error: unknown) => boolean) | undefined;
}

export const NO_TERMS: Terms = {};

const told = (value: unknown): string => (value === null ? 'null' : typeof value);

/** Refuses what is no signal, and would never abort anything. */
export function checkSignal(signal: unknown): void {
  const given = signal as Partial<AbortSignal> | null | undefined;
  if (given !== undefined && (typeof given?.aborted !== 'boolean' || typeof given.addEventListener !== 'function'))
    throw new TypeError(`signal must be an AbortSignal: got ${told(signal)}`);
}

/** Refuses terms that mean nothing; times and retries are looked at where they are read. */
export function checkTerms({ signal, priority, transfer, onMessage }: Terms): void {
  checkSignal(signal);
  if (priority !== undefined && (typeof priority !== 'number' || Number.isNaN(priority)))
    throw new TypeError(`priority must be a number: got ${typeof priority === 'number' ? 'NaN' : told(priority)}`);
  if (transfer !== undefined && !Array.isArray(transfer)) throw new TypeError(`transfer must be a list: got ${told(transfer)}`);
  if (onMessage !== undefined && typeof onMessage !== 'function')
    throw new TypeError(`onMessage must be a function: got ${told(onMessage)}`);
}
