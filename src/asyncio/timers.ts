import { LONGEST_TIMER_MS } from '../base/deadline.ts';
import { AsyncResource } from 'node:async_hooks';
import { BinaryHeap } from '../base/heap.ts';

/*
 * The timers of this thread's tasks, on one timer of Node's. Most of them are time-outs that never expire, so that setting and clearing one
 * must be cheap: those of the same duration are in a list, in the order of their times, and the lists in a heap by the first time in each.
 * Clearing takes a timer out of its list and leaves the heap alone: a list may come up too early, and is put back.
 */
export abstract class Timer {
  /** @internal When it is due, by `performance.now()`. */
  deadline = 0;
  /** @internal */
  list: TimerList | null = null;
  /** @internal */
  previous: Timer | null = null;
  /** @internal */
  next: Timer | null = null;

  /** @internal It is due. */
  abstract fire(): void;
}

class TimerList {
  readonly duration: number;
  /** The time by which it lies in the heap: that of its first timer, or earlier. */
  due = 0;
  head: Timer | null = null;
  tail: Timer | null = null;

  constructor(duration: number) {
    this.duration = duration;
  }

  push(timer: Timer): void {
    timer.list = this;
    timer.previous = this.tail;
    if (this.tail === null) this.head = timer;
    else this.tail.next = timer;
    this.tail = timer;
  }

  remove(timer: Timer): void {
    if (timer.previous === null) this.head = timer.next;
    else timer.previous.next = timer.next;
    if (timer.next === null) this.tail = timer.previous;
    else timer.next.previous = timer.previous;
    timer.list = timer.previous = timer.next = null;
  }
}

const lists = new Map<number, TimerList>();
const heap = new BinaryHeap<TimerList>((a, b) => a.due - b.due);
/** Node's timer keeps the context in which it is set, and with it all that the context holds: so it is set in this one. */
const outside = new AsyncResource('Timers');

let native: NodeJS.Timeout | null = null;
let nativeDue = Infinity;
let pending = 0;

/** Lets `timer` fire after so many milliseconds, not earlier; those of one duration in the order in which they were set. */
export function setTimer(timer: Timer, ms: number): void {
  const duration = ms > 0 ? Math.ceil(ms) : 0;
  timer.deadline = performance.now() + duration;
  let list = lists.get(duration);
  if (list === undefined) {
    lists.set(duration, (list = new TimerList(duration)));
    list.due = timer.deadline;
    heap.push(list);
  }
  list.push(timer);
  if (pending++ === 0) native?.ref();
  if (list.due < nativeDue) outside.runInAsyncScope(arm);
}

/** Takes it back; nothing happens if it has fired, or was not set. */
export function clearTimer(timer: Timer): void {
  if (timer.list === null) return;
  timer.list.remove(timer);
  if (--pending === 0) native?.unref();
}

function arm(): void {
  clearTimeout(native ?? undefined);
  native = null;
  nativeDue = Infinity;
  const first = heap.peek();
  if (first === undefined) return;
  nativeDue = first.due;
  native = setTimeout(fireDue, Math.min(LONGEST_TIMER_MS, Math.max(0, Math.ceil(first.due - performance.now()))));
  if (pending === 0) native.unref();
}

function fireDue(): void {
  native = null;
  nativeDue = Infinity;
  const now = performance.now();
  for (let list = heap.peek(); list !== undefined && list.due <= now; list = heap.peek()) {
    heap.pop();
    const timer = list.head;
    if (timer === null) {
      lists.delete(list.duration);
      continue;
    }
    const isDue = timer.deadline <= now;
    if (isDue) {
      list.remove(timer);
      if (--pending === 0) (native as NodeJS.Timeout | null)?.unref();
    }
    if (list.head === null) lists.delete(list.duration);
    else {
      list.due = list.head.deadline;
      heap.push(list);
    }
    if (isDue) timer.fire();
  }
  arm();
}
