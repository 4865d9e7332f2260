import { createHook } from 'node:async_hooks';
import type { CancelledError } from '../base/errors.ts';
import { currentScope } from './current.ts';
import { capture, type Monitor, monitor, type Trace } from './debug-state.ts';
import { DoneCallback } from './done-callback.ts';
import type { Future, Observer } from './future.ts';
import type { Runner } from './runner.ts';
import type { Scope } from './scope.ts';
import { createTask, type Task } from './task.ts';

/*
 * Debug mode, of one thread. Each wait keeps its stack, each task the place where it was made, and warnings are given
 * (`process.on('warning')`):
 *
 *   a callback, or a step of a task between two awaits, has kept the event loop for long
 *   a task that was started in a run was awaited by nobody
 *   a task was cancelled a while ago and has come to no await of ours since: it sits in a foreign promise
 */

/** From how many milliseconds on a step is slow, and a cancellation that has not arrived is told. */
export const slow = { step: 100, cancellation: 1000 };

const origins = new WeakMap<Task, Trace>();
/** The tasks of runs that nobody has waited for yet. */
const unawaited = new Set<Task>();

/** Where a task was made, as far as debug mode was on then. */
export const originOf = (task: Task): string => framesIn(origins.get(task) ?? null);

const framesIn = (trace: Trace | null): string => (trace?.stack ?? '').split('\n').slice(1).join('\n');

function warn(message: string, detail: string): void {
  process.emitWarning(message, { type: 'AsyncioWarning', ...(detail === '' ? {} : { detail }) });
}

function warnOf(task: Task, message: string): void {
  const origin = originOf(task);
  warn(message, origin === '' ? '' : `${task.what} was made here:\n${origin}`);
}

class Debugger implements Monitor {
  made(task: Task): void {
    origins.set(task, capture(createTask));
    if (task.runner !== null) unawaited.add(task);
  }

  observed(future: Future, observer: Observer): void {
    if (!(observer instanceof DoneCallback)) unawaited.delete(future as Task);
  }

  stepped(ms: number, what: string, trace: Trace | null): void {
    if (ms >= slow.step) warn(slowness(what, ms), trace === null ? '' : `it was handed over here:\n${framesIn(trace)}`);
    begin = performance.now();
  }

  originOf(future: Future): string {
    return originOf(future as Task);
  }

  undelivered(scope: Scope, error: CancelledError): void {
    const { task } = scope;
    if (task === null) return;
    setTimeout(() => {
      if (scope.pending !== error || task.done) return;
      const what = `${task.what} was cancelled ${slow.cancellation} ms ago, and has come to no await of manycore since`;
      warnOf(task, `${what}: it sits in a foreign promise, which until(promise) makes a place to cancel it, or is busy`);
    }, slow.cancellation).unref();
  }
}

let begin = 0;
let depth = 0;
const steps = createHook({
  before() {
    if (depth++ === 0) begin = performance.now();
  },
  after() {
    if (depth === 0 || --depth > 0) return;
    const task = currentScope()?.task ?? null;
    const ms = performance.now() - begin;
    // A callback outside of tasks is not ours to judge.
    if (task !== null && ms >= slow.step) warnOf(task, slowness(`a step of ${task.what}`, ms));
  },
});

const slowness = (what: string, ms: number): string => `${what} has kept the event loop for ${Math.round(ms)} ms`;

export const isDebugging = (): boolean => monitor.current !== null;

/** Switches debug mode on or off for this thread. It costs microseconds a wait. */
export function setDebug(on: boolean): void {
  if (on === isDebugging()) return;
  monitor.current = on ? new Debugger() : null;
  depth = 0;
  if (on) steps.enable();
  else steps.disable();
}

/** Tells of the tasks that were started in a run which ends, and that nobody has awaited. */
export function tellUnawaited(runner: Runner): void {
  for (const task of unawaited) {
    if (task.runner !== runner) continue;
    unawaited.delete(task);
    warnOf(task, `${task.what} was never awaited: what came of it, nobody knows. Keep it and await it, or start it in a TaskGroup`);
  }
}

if (process.env['MANYCORE_ASYNCIO_DEBUG'] === '1') setDebug(true);
