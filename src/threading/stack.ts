import { inspect } from 'node:util';
import { asked, deadlineAfter, type Wait } from '../base/deadline.ts';
import { StateError, TimeoutError } from '../base/errors.ts';
import { isProgramFrame, programFrames } from '../host/thread/program-frames.ts';
import * as record from '../host/thread/record.ts';
import { type RawFrame, stacksOf, stacksOfSync } from '../host/thread/stacks.ts';
import { type WaitRecord, waitsOf } from '../word/waits.ts';
import { recordOfThread } from '../host/thread/table.ts';
import { getIdent, mainThread } from './current-thread.ts';
import { enumerate } from './enumerate.ts';
import type { Thread } from './thread.ts';

/** A place in the program, as its author wrote it. */
export interface StackFrame {
  /** The function that runs there; empty for one without a name. */
  readonly functionName: string;
  /** The file as it was written, by its source map; a path, or the address of what has none. */
  readonly file: string;
  /** From 1 on, in the source as it was written. */
  readonly line: number;
  /** From 1 on, in the source as it was written. */
  readonly column: number;
}

/** What a thread was doing at one moment. As a text it looks as the stack of an error does. */
export class ThreadStack {
  /** Whose stack this is. */
  readonly thread: Thread;
  /** Innermost first. Empty when it ran nothing, but waited in its event loop. */
  readonly frames: readonly StackFrame[];
  /** Where it awaits what takes long: `file:line:column`. */
  readonly awaits: readonly string[];

  constructor(thread: Thread, frames: readonly StackFrame[], awaits: readonly string[]) {
    this.thread = thread;
    this.frames = frames;
    this.awaits = awaits;
  }

  /** The thread's name and its frames, a line for each, as a trace of an error shows them. */
  toString(): string {
    const lines = this.frames.map(
      ({ functionName, file, line, column }) =>
        `\n    at ${functionName === '' ? `${file}:${line}:${column}` : `${functionName} (${file}:${line}:${column})`}`,
    );
    const awaits = this.awaits.map((where) => `\n    awaiting at ${where}`);
    return `${this.thread.name}${this.frames.length === 0 ? ' (in its event loop)' : ''}${lines.join('')}${awaits.join('')}`;
  }

  [inspect.custom](): string {
    return this.toString();
  }
}

const OWN = new URL('../', import.meta.url).href;
const DEFAULT_TIMEOUT_MS = 5000;

const isProgram = (frame: RawFrame): boolean => isProgramFrame(frame, OWN);

function framesOf(raw: readonly RawFrame[]): StackFrame[] {
  return programFrames(raw, OWN).map(([functionName, file, line, column]) => ({
    functionName,
    file: file.startsWith('file://') ? decodeURI(file.slice('file://'.length)) : file,
    line,
    column,
  }));
}

function stackOf(thread: Thread, raw: readonly RawFrame[]): ThreadStack {
  const frames = framesOf(raw);
  const waits: readonly WaitRecord[] = thread.ident === null ? [] : (waitsOf(thread.ident) ?? []);
  return new ThreadStack(
    thread,
    frames,
    waits.filter(({ blocks, where }) => !blocks && where !== '').map(({ where }) => where),
  );
}

function checkRuns(thread: Thread): void {
  if (thread.isAlive) return;
  const why = thread.ident === null ? 'it has not been started' : 'it has ended';
  throw new StateError('ERR_THREAD_NOT_RUNNING', `thread ${thread.name} has no stack: ${why}`);
}

function silent(thread: Thread, timeout: number): TimeoutError {
  return new TimeoutError(
    `thread ${thread.name} did not show its stack within ${timeout} ms: it runs native code, such as execSync or pbkdf2Sync, which nothing interrupts`,
  );
}

function limit(timeout: number | null | undefined): number {
  deadlineAfter(timeout);
  return timeout === undefined || timeout === null || timeout === Infinity ? DEFAULT_TIMEOUT_MS : Math.max(1, timeout);
}

/** The stack of the calling thread, from its caller on. */
function ownStack(thread: Thread): ThreadStack {
  const { stackTraceLimit, prepareStackTrace } = Error;
  try {
    Error.stackTraceLimit = 200;
    Error.prepareStackTrace = (_, sites) => sites;
    const sites = new Error('stack').stack as unknown as NodeJS.CallSite[];
    const raw = sites.map((site): RawFrame => {
      const file = site.getFileName() ?? '';
      return [site.getFunctionName() ?? '', file, site.getLineNumber() ?? 0, site.getColumnNumber() ?? 0, file];
    });
    return stackOf(thread, raw.slice(raw.findIndex(isProgram)));
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
    Error.prepareStackTrace = prepareStackTrace;
  }
}

/** The worker to ask; `null` while the thread has none yet, or is the caller. */
function workerToAsk(thread: Thread): number | null {
  const ident = thread.ident ?? 0;
  if (ident === getIdent()) return null;
  if (ident === mainThread().ident) return 0;
  return record.workerOf(recordOfThread(ident)) || null;
}

function withoutAsking(thread: Thread): ThreadStack {
  return thread.ident === getIdent() ? ownStack(thread) : new ThreadStack(thread, [], []);
}

function answered(thread: Thread, raw: readonly RawFrame[] | null | undefined, ms: number): ThreadStack {
  checkRuns(thread);
  if (raw === null || raw === undefined) throw silent(thread, ms);
  return stackOf(thread, raw);
}

/** @internal */
export async function readStack(thread: Thread, wait?: Pick<Wait, 'timeout'>): Promise<ThreadStack> {
  const { timeout } = asked(wait);
  const ms = limit(timeout);
  checkRuns(thread);
  const worker = workerToAsk(thread);
  return worker === null ? withoutAsking(thread) : answered(thread, (await stacksOf([worker], ms))[0], ms);
}

/** @internal */
export function readStackSync(thread: Thread, wait?: Pick<Wait, 'timeout'>): ThreadStack {
  const { timeout } = asked(wait);
  const ms = limit(timeout);
  checkRuns(thread);
  const worker = workerToAsk(thread);
  return worker === null ? withoutAsking(thread) : answered(thread, stacksOfSync([worker], ms)[0], ms);
}

/**
 * What all threads are doing, the main thread among them: Python's `sys._current_frames`. Those that give no answer within `timeout`
 * milliseconds, 5000 when left out, are left out.
 */
export async function stacks(wait?: Pick<Wait, 'timeout'>): Promise<ThreadStack[]> {
  const { timeout } = asked(wait);
  const wanted = enumerate().map((thread) => ({ thread, worker: workerToAsk(thread) }));
  const others = wanted.filter((one): one is { thread: Thread; worker: number } => one.worker !== null);
  const known = wanted.filter(({ worker }) => worker === null).map(({ thread }) => withoutAsking(thread));
  if (others.length === 0) return known;
  const found = await stacksOf(
    others.map(({ worker }) => worker),
    limit(timeout),
  );
  return [...known, ...others.flatMap(({ thread }, i) => (found[i] && thread.isAlive ? [stackOf(thread, found[i])] : []))];
}
