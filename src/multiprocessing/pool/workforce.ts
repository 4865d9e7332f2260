import type { Deadline } from '../../base/deadline.ts';
import type { Task } from '../../futures/process-pool/crew.ts';
import type { Outcome } from '../../futures/process-pool/job.ts';

/** Who does the work of a pool, as its face sees them: processes, or threads. */
export interface Workforce {
  /** Nothing can be handed over any more. */
  readonly isClosed: boolean;
  /** Why nothing can be handed over any more, if it is because something broke. */
  readonly broken: Error | null;
  /** Hands a task over; `settle` is called once. Throws `SendError`, why it is broken, and `StateError` when it is closed. */
  submit(task: Pick<Task, 'fn' | 'how' | 'input'>, settle: (outcome: Outcome) => void): void;
  /** Settles what has been finished. */
  drain(): void;
  /** Blocks this thread until `isReady`, settling meanwhile; false when time was up first. */
  waitSync(isReady: () => boolean, deadline: Deadline): boolean;
  /** The workers end when all is done. */
  close(): void;
  /** Ends the workers at once. What is pending is settled with `CancelledError`. */
  terminate(): void;
  /** Resolves when it has been closed, or has broken, and all workers have ended. */
  gone(): Promise<void>;
  /** The blocking twin of `gone`; false when time was up. */
  goneSync(deadline: Deadline): boolean;
}
