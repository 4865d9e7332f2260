import type { Deadline } from '../base/deadline.ts';
import { observer } from '../base/observer.ts';
import { onlyOursPending } from '../word/keep-alive.ts';
import { foreignHeaps } from '../word/heaps.ts';
import { probe, probeAll, watchesDeadlocks } from '../word/roster.ts';
import { type Heap, sharedHeap } from '../word/heap.ts';
import { type WaitTarget, waitBegins, waitEnds, waitFoundIdle, waitStandsAt } from '../word/waits.ts';
import { type DeadlockError, findDeadlock } from './deadlock.ts';
import { nameOfLock, OWNER } from './lock-block.ts';
import { whereAmI } from './where.ts';

const FIRST_SLICE_MS = 50;
/** As long as others keep asking. */
const BUSY_SLICE_MS = 2;
const LAST_SLICE_MS = 500;
const POSTPONED_MAX = 2;

/** What a thread that has waited for a while sees to beside: others may have asked it for something. True: there was something, and soon may be more. */
export const onPatrol: (() => unknown)[] = [];

/** For who waits in another way than by a `Patrol`, each time that it has waited for a while. Says whether there was anything. */
export function goRound(): boolean {
  let wasAsked = false;
  for (const act of onPatrol) if (act() === true) wasAsked = true;
  return wasAsked;
}

/** A wait for nothing in particular: it is on record all the same, so that people can see it. */
const SOMETHING: WaitTarget = { kind: 'other', target: 0 };

/**
 * Goes round while a thread waits: no sleep lasts longer than a slice, and at the end of each the waiter
 * looks whether it should wait at all. So a wake that was lost with a dead thread, a holder that died and
 * a deadlock are noticed within half a second, by the waiter alone, and cost nothing until then.
 */
export class Patrol {
  readonly #blocks: boolean;
  readonly #endless: boolean;
  #slice = FIRST_SLICE_MS;
  #sliceEnd = 0;
  #target: WaitTarget | undefined;
  #heap: Heap = sharedHeap();
  #must = false;
  #ticket = 0;
  #known = false;
  #postponed = 0;
  #tell: (() => void) | null = null;

  constructor({ blocks, endless }: { readonly blocks: boolean; readonly endless: boolean }) {
    this.#blocks = blocks;
    this.#endless = endless;
  }

  /** Puts the sleep on record and says until when it may last. */
  begin(target: WaitTarget = SOMETHING, must: boolean, deadline: Deadline): Deadline {
    if (target.target !== this.#target?.target || target.kind !== this.#target.kind || must !== this.#must) {
      this.end();
      this.#target = target;
      this.#heap = target.heap ?? sharedHeap();
      this.#must = must;
      this.#ticket = waitBegins(target, { blocks: this.#blocks, endless: must || this.#endless, breakable: !must });
      if (observer.current !== null) this.#tell = observer.current.sleeps(this.#lock(), this.#blocks);
    }
    this.#sliceEnd = performance.now() + this.#slice;
    return Math.min(deadline, this.#sliceEnd);
  }

  /** Whether a sleep that timed out has only come to the end of its slice. */
  isSliceOver(deadline: Deadline): boolean {
    return this.#sliceEnd < deadline;
  }

  /** The look at the end of a slice. A deadlock is returned if this thread is the one to report it. */
  look(): DeadlockError | null {
    if (!this.#known) {
      this.#known = true;
      waitStandsAt(this.#ticket, whereAmI(), this.#heap);
    }
    this.#slice = goRound() ? BUSY_SLICE_MS : Math.min(LAST_SLICE_MS, this.#slice * 2);
    const { kind, target } = this.#target!;
    if (kind === 'other') for (const heap of foreignHeaps()) probeAll(heap);
    if (kind === 'join') probe(target, this.#heap);
    if (kind === 'lock' || kind === 'reentrant') probe(Atomics.load(this.#heap.i32, target / 4) & OWNER, this.#heap);
    if (!watchesDeadlocks()) return null;
    if (!this.#blocks) waitFoundIdle(this.#ticket, onlyOursPending(), this.#heap);
    const deadlock = kind === 'other' ? null : findDeadlock(this.#heap);
    // Who came last may not have said where it waits: it does so at its own first look.
    return deadlock?.cycle.some(({ where }) => where === '') === true && ++this.#postponed <= POSTPONED_MAX ? null : deadlock;
  }

  /** The lock that is waited for, in words. */
  #lock(): string | null {
    const { kind, target } = this.#target!;
    return kind === 'lock' || kind === 'reentrant' ? nameOfLock(target, this.#heap) : null;
  }

  /** Takes the wait off the record. */
  end(): void {
    this.#tell?.();
    this.#tell = null;
    waitEnds(this.#ticket, this.#heap);
    this.#ticket = 0;
    this.#known = false;
  }
}
