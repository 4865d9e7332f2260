/*
 * What a process that manycore has started does. It waits on its control channel to be told what to run,
 * runs it, and ends. The program's main module is not run again.
 */
import { readSync } from 'node:fs';
import { Socket } from 'node:net';
import { inspect } from 'node:util';
import { decode, decodeAsync, dropBytes, encode } from '../../message/index.ts';
import { leaveProcessHeap } from '../../word/process-heap.ts';
import { exitAtOnce } from '../../system/exit-at-once.ts';
import { hasLibrary } from '../../system/library.ts';
import { diesWithParent } from '../../system/memory.ts';
import { writeAll } from '../thread/output.ts';
import { FRAME, frame, type FrameKind, FrameReader } from './frame.ts';
import { here, type Setup } from './setup.ts';
import { becomeWho } from './who.ts';

/** What a start message holds: what the child runs. */
export type StartMessage = readonly [main: (...args: never[]) => unknown, args: readonly unknown[]];

/** The parent, as long as somebody listens to it in the event loop. */
let control: Socket | null = null;
let descriptor: number;
let running = false;

/** Begins to listen to the parent, in a process that is nobody yet. */
export function runChild(controlFd: number): void {
  begin(controlFd);
  const reader = newReader();
  listen((chunk) => reader.push(chunk));
  tellReady();
}

/**
 * The same in a copy of a fork server, in which nothing else goes on before it has been told: blocks until then. A socket is a third of what its start
 * costs, and many a function has ended before the event loop has its turn: only then is the parent listened to again.
 */
export function runCopy(controlFd: number): void {
  begin(controlFd);
  tellReady();
  const reader = newReader();
  while (isIdle()) {
    const length = readSome();
    if (length === 0) return parentGone();
    reader.push(Buffer.from(piece.subarray(0, length)));
  }
  setImmediate(() => listen(() => {}));
}

const piece = Buffer.allocUnsafeSlow(1 << 16);

/** 0: there will be nothing more. */
function readSome(): number {
  for (;;) {
    try {
      return readSync(descriptor, piece, 0, piece.length, null);
    } catch (error) {
      // A signal has come; or the parent was killed before it had read all.
      if ((error as NodeJS.ErrnoException).code !== 'EINTR') return 0;
    }
  }
}

function begin(controlFd: number): void {
  descriptor = controlFd;
  control = null;
  running = false;
  endsInOrder = false;
  process.on('exit', () => leaveProcessHeap(endsInOrder ? 'ended' : 'exited'));
  endWithoutWaiting();
}

function newReader(): FrameReader {
  return new FrameReader((kind, body) => {
    if (kind === FRAME.setup) become(decode(body) as Setup);
    else if (kind === FRAME.start) void start(body);
  });
}

function tellReady(): void {
  const pid = Buffer.alloc(4);
  pid.writeInt32LE(process.pid);
  tellParent(FRAME.ready, pid);
}

function listen(hear: (chunk: Buffer) => void): void {
  control = new Socket({ fd: descriptor });
  control.on('data', hear);
  control.on('error', () => {});
  control.on('close', parentGone);
}

/** The parent is gone, or does not need this spare. One that works on is ended by the system, if it can. */
function parentGone(): void {
  // One that was never told what to run is no child of the program's: modules that were loaded ahead do not hear of its end.
  if (!running) process.removeAllListeners('exit');
  process.exit(running ? 1 : 0);
}

/** What Node writes down at the end of a process: then it is given its way. */
const WRITES_AT_END = /--(cpu|heap)-prof|--prof\b|--trace-event|--heapsnapshot/;

/**
 * At its end Node waits for its compiler's threads, and they at times for a collection of garbage that never comes
 * (https://github.com/nodejs/node/issues/54918): such a child would stay for ever, and so would whoever joins it. When all listeners have been
 * called there is nothing to wait for: what was written has been written.
 */
function endWithoutWaiting(): void {
  const { reallyExit } = process as unknown as { readonly reallyExit: (code?: number) => never };
  const { NODE_V8_COVERAGE, NODE_OPTIONS = '' } = process.env;
  if (NODE_V8_COVERAGE !== undefined || WRITES_AT_END.test([NODE_OPTIONS, ...process.execArgv].join(' '))) return;
  Object.assign(process, {
    reallyExit(code = 0): never {
      return hasLibrary() ? exitAtOnce(code) : reallyExit(code);
    },
  });
}

/** Whether it has not been told what to run. */
export const isIdle = (): boolean => !running;

/** Sends a frame to the parent. */
function tellParent(kind: FrameKind, body?: Uint8Array): void {
  const bytes = frame(kind, body);
  if (control !== null) return void control.write(bytes);
  try {
    writeAll(descriptor, bytes);
  } catch {
    // It is gone, and so will this process be as soon as it sees that.
  }
}

/** The end of a process loses what it has written to a pipe, unless writing waits. */
function writeSynchronously(): void {
  for (const stream of [process.stdout, process.stderr]) {
    (stream as { _handle?: { setBlocking?: (on: boolean) => void } })._handle?.setBlocking?.(true);
  }
}

function become(setup: Setup): void {
  // Who it is has been told; of the rest, no thread will ask again.
  becomeWho(() => ({ setup: { ...setup, env: {}, argv: [] } }));
  writeSynchronously();
  process.title = setup.name;
  process.argv.splice(0, process.argv.length, ...setup.argv);
  if (process.cwd() !== setup.cwd) process.chdir(setup.cwd);
  for (const name of Object.keys(process.env)) if (!(name in setup.env)) Reflect.deleteProperty(process.env, name);
  for (const [name, value] of Object.entries(setup.env)) if (process.env[name] !== value) process.env[name] = value;
  if (setup.startedByMainThread) diesWithParent(descriptor);
}

async function start(body: Buffer): Promise<void> {
  running = true;
  let message: StartMessage;
  try {
    message = (await decodeAsync(body)).value as StartMessage;
  } catch (error) {
    writeAll(2, Buffer.from(`Process ${here.setup?.name} could not begin:\n${inspect(error)}\n`));
    tellParent(FRAME.failed, encode(error, { where: 'process' }).bytes);
    if (control === null) process.exit(1);
    control.end(() => process.exit(1));
    return;
  } finally {
    dropBytes(body);
  }
  tellParent(FRAME.begun);
  const [main, args] = message;
  await main(...(args as never[]));
  // A promise that it has rejected and left to nobody is an error like any other: Node looks for those when the microtasks have run.
  await new Promise((resolve) => void setImmediate(resolve));
  // What the main function leaves behind does not keep the process: it ends with it, as in Python.
  endsInOrder = true;
  process.exit();
}

/** The main function has ended: what it holds stays held, as in Python. Otherwise it is abandoned. */
let endsInOrder = false;
