import { closeSync } from 'node:fs';
import { Socket } from 'node:net';
import { peekChildExit } from '../../../system/child-exit.ts';
import { whyNoLibrary } from '../../../system/library.ts';
import { Child } from '../child.ts';
import { refusal } from '../launch.ts';
import { sparesWanted } from '../spares-wanted.ts';
import { isMainThread } from '../where.ts';
import { Forked } from './forked.ts';
import { type Copy, Server, ServerGone } from './server.ts';

/*
 * The program's fork server: a Node that is started for that alone, and copied for each child. The first child waits until it is
 * there and a copy of it has examined itself. Its copies are children of this process, not its own: they do not mind when it is killed, and the next
 * child gets another server.
 */
/** Servers that are gone before they have made a single copy, in a row. */
const FAILURES_MAX = 2;

/** Modules that are loaded first may have used what can't be copied: the seed of random numbers, threads, connections. */
const PRELOAD = /^(--import|--require|-r|--loader|--experimental-loader)(=|$)/;

/** The next copy is asked for so much later, for the child that was just started has work to do; and at once, when starts follow each other. */
const DELAY_MS = 20;
const SOON_MS = 100;

let server: Server | null = null;
let failures = 0;
let unusable: string | null | undefined;

/** Why there can't be a fork server here, whatever it would say itself. */
function whyNot(): string | null {
  if (!isMainThread) return 'a thread of this program starts them, and they would not end with it';
  const preloads = [...process.execArgv, ...(process.env['NODE_OPTIONS'] ?? '').split(/\s+/)].filter((flag) => PRELOAD.test(flag));
  if (preloads.length > 0) return `Node was started with ${preloads.join(' ')}: what that loads may not stand being copied`;
  return whyNoLibrary();
}

/** A server that has been shown to work; `null` when there can be none: `unusable` says why. */
function provenServer(): Server | null {
  unusable ??= whyNot();
  if (unusable !== null) return null;
  server ??= new Server();
  if (server.isProven) return server;
  const why = server.prove();
  if (why === null) return server;
  letGo();
  unusable = why;
  return null;
}

/** Starts the server, so that the first child waits less. */
export function prepareForkServer(): void {
  if (unusable === undefined && server === null && whyNot() === null) server = new Server();
}

/** A new child, copied; or why there is none. Throws `StateError` when the system refuses to make one. */
export function forkChild(): Child | string {
  const child = takeReady() ?? copiedChild();
  if (typeof child !== 'string') prepareNext();
  return child;
}

function copiedChild(): Child | string {
  for (;;) {
    let copy: Copy | number;
    try {
      const proven = provenServer();
      if (proven === null) return unusable!;
      copy = proven.copy();
    } catch (error) {
      if (!(error instanceof ServerGone)) throw error;
      letGo();
      if (++failures >= FAILURES_MAX) unusable = 'its server has ended again and again';
      continue;
    }
    failures = 0;
    if (typeof copy === 'number')
      throw refusal(new Error(`fork failed with errno ${-copy}: too many processes or open files, or no memory`));
    const child = childOf(copy);
    if (typeof child !== 'number') return child;
    throw refusal(new Error(`its end could not be watched, errno ${-child}: too many open files`));
  }
}

function letGo(): void {
  server?.end();
  server = null;
}

function childOf({ pid, control }: Copy): Child | number {
  const running = Forked.adopt(pid);
  if (typeof running !== 'number') return new Child(running, new Socket({ fd: control }));
  closeSync(control);
  return running;
}

// ------------------------------------------------------------------ the next one, ahead

/** A copy that waits for the next start. As a spare it lets this process end, and ends with it. */
let ready: Child | null = null;
let lastStart = -Infinity;
let timer: NodeJS.Timeout | undefined;

function takeReady(): Child | null {
  const child = ready;
  ready = null;
  // It may have been killed, and this process had no time to hear of it.
  if (child === null || child.exit !== undefined || peekChildExit(child.pid) !== null) return null;
  child.ref();
  return child;
}

function prepareNext(): void {
  if (sparesWanted === 0 || ready !== null) return;
  const now = performance.now();
  if (now - lastStart < SOON_MS) askAhead();
  else later(askAhead);
  lastStart = now;
}

function later(what: () => void): void {
  clearTimeout(timer);
  timer = setTimeout(what, DELAY_MS).unref();
}

function askAhead(): void {
  server?.askAhead();
  later(settle);
}

/** What was asked for ahead is there: nobody has wanted it meanwhile, so its end is watched, as that of a child. */
function settle(): void {
  const { ahead = 'nothing' } = server ?? {};
  if (ahead === 'asked') later(settle);
  if (ahead !== 'answered' || ready !== null) return;
  try {
    const copy = server!.copy();
    const child = typeof copy === 'number' ? copy : childOf(copy);
    if (typeof child === 'number') return;
    child.unref();
    ready = child;
    void child.ended.then(() => {
      if (ready === child) ready = null;
    });
  } catch (error) {
    if (!(error instanceof ServerGone)) throw error;
    letGo();
  }
}

/** The number of the copy that waits, if there is one. */
export const readyCopyPid = (): number | null => ready?.pid ?? null;

/** The number of the server, while there is one. */
export const forkServerPid = (): number | null => server?.process.pid ?? null;

/** Ends the server, and the copy that waits: for tests, and who needs no more children. */
export async function endForkServer(): Promise<void> {
  clearTimeout(timer);
  const [ending, waiting] = [server, ready];
  server = ready = null;
  waiting?.ref();
  waiting?.close();
  if (ending !== null) {
    const { exitCode, signalCode } = ending.process;
    const isRunning = exitCode === null && signalCode === null;
    const ended = isRunning ? new Promise((resolve) => ending.process.once('exit', resolve)) : null;
    if (isRunning) ending.process.ref();
    // Also one that has ended may leave a copy that it did not tell of.
    ending.end();
    await ended;
  }
  await waiting?.ended;
}
