import type { Peer } from './peer.ts';

/*
 * Where a task is, as the link sees it.
 *
 *   QUEUED   in the backlog, for the next node that has room
 *   SENT     at a node; `hasBegun` once the node has said so
 *   DOUBTED  its node is lost, and it must not be run once more: until it is known why, or the node comes back with it
 *   OVER     its outcome has gone to the program, or it has been taken back
 *
 *   QUEUED -> SENT -> OVER
 *   SENT -> QUEUED             its node is lost, or gives it back
 *   SENT -> DOUBTED -> OVER
 *   QUEUED, DOUBTED -> SENT    a node that was taken for lost comes back, and still has it
 *   any -> OVER                it is cancelled
 *
 * The first outcome counts: what comes for a task that is OVER, or that was sent elsewhere meanwhile and has ended there, is dropped.
 */
export const QUEUED = 0;
export const SENT = 1;
export const DOUBTED = 2;
export const OVER = 3;

/** A place in the backlog; one that has been left is passed over. */
export interface Ticket {
  readonly number: number;
  readonly priority: number;
  readonly task: Task;
  isLeft: boolean;
}

export interface Task {
  /** Its place in the order in which tasks came. */
  readonly number: number;
  /** By which the program knows it. */
  readonly id: number;
  /** How its function is called. */
  readonly code: number;
  readonly fn: number;
  readonly body: Buffer;
  /** Milliseconds that it may run; 0: without a limit. */
  readonly limit: number;
  readonly priority: number;
  /** What it says is heard. */
  readonly isHeard: boolean;
  state: 0 | 1 | 2 | 3;
  /** Its place in the backlog while it is QUEUED. */
  ticket: Ticket | null;
  peer: Peer | null;
  hasBegun: boolean;
  /** How many nodes have been lost on which it had begun. */
  losses: number;
  /** It yields: what has been read can't be taken back, and so it is not run again. */
  isStreaming: boolean;
  /** How much of what it says and yields there, in all, has been heard and read; and whether nobody reads any more. */
  heard: number;
  taken: number;
  isStopped: boolean;
}
