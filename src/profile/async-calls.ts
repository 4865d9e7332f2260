import { AsyncLocalStorage, createHook } from 'node:async_hooks';
import { isThenable } from '../base/thenable.ts';
import { AsyncTallies } from './async-tallies.ts';
import type { AsyncCalls } from './raw-profile.ts';

/*
 * Calls of async functions that are profiled by name: how long each took, and how much of that it computed. A call is known again
 * after each await by what AsyncLocalStorage keeps for it; Node tells when something that was awaited begins and ends to run.
 * The hooks are on only while such a call is under way: they make an await several times as dear.
 */
interface Call {
  onCpu: number;
  /** When it began to run; 0 while it waits. */
  since: number;
}
const calls = new AsyncLocalStorage<Call>();
const tallies = new AsyncTallies<string>();
let underWay = 0;

const hook = createHook({
  before() {
    const call = calls.getStore();
    if (call !== undefined) call.since = performance.now();
  },
  after() {
    const call = calls.getStore();
    if (call !== undefined) suspend(call);
  },
});

function suspend(call: Call): void {
  if (call.since > 0) call.onCpu += performance.now() - call.since;
  call.since = 0;
}

/** Calls `fn`; if it gives a promise, the call is entered under `name` until that is settled. */
export function tracked<T>(name: string, fn: () => T): T {
  const began = performance.now();
  const call: Call = { onCpu: 0, since: began };
  if (underWay++ === 0) hook.enable();
  let isAsync = false;
  try {
    const result = calls.run(call, fn);
    suspend(call);
    if (!isThenable(result)) return result;
    isAsync = true;
    tallies.begin(name);
    const settled = (): void => {
      const now = performance.now();
      // What runs right now goes on in the name of the call until its next await.
      tallies.end(name, now - began, call.onCpu + (call.since > 0 ? now - call.since : 0));
      left();
    };
    return result.then(
      (value: unknown) => {
        settled();
        return value;
      },
      (error: unknown) => {
        settled();
        throw error;
      },
    ) as T;
  } finally {
    if (!isAsync) left();
  }
}

function left(): void {
  if (--underWay === 0) hook.disable();
}

/** What was entered since the last time. */
export function takeAsyncCalls(): Record<string, AsyncCalls> {
  return Object.fromEntries(tallies.take());
}
