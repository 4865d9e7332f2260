/*
 * What a process that manycore has started does. It waits on its control channel to be told what to run,
 * runs it, and ends. The program's main module is not run again.
 */
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

let control: Socket;
let descriptor: number;
let running = false;

/** Begins to listen to the parent, in a process that is nobody yet. */
export function runChild(controlFd: number): void {
  descriptor = controlFd;
  running = false;
  endsInOrder = false;
  control = new Socket({ fd: controlFd });
  const reader = new FrameReader((kind, body) => {
    if (kind === FRAME.setup) become(decode(body) as Setup);
    else if (kind === FRAME.start) void start(body);
    else inbox.onFrame(kind, body);
  });
  control.on('data', (chunk: Buffer) => reader.push(chunk));
  control.on('error', () => {});
  // The parent is gone, or does not need this spare. One that works on is ended by the system, if it can.
  control.on('close', () => {
    // One that was never told what to run is no child of the program's: modules that were loaded ahead do not hear of its end.
    if (!running) process.removeAllListeners('exit');
    process.exit(running ? 1 : 0);
  });
  process.on('exit', () => leaveProcessHeap(endsInOrder ? 'ended' : 'exited'));
  endWithoutWaiting();
  const pid = Buffer.alloc(4);
  pid.writeInt32LE(process.pid);
  tellParent(FRAME.ready, pid);
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

/** Frames that are not for this module. */
export const inbox: { onFrame: (kind: FrameKind, body: Buffer) => void } = { onFrame: () => {} };

/** Sends a frame to the parent. */
export function tellParent(kind: FrameKind, body?: Uint8Array): void {
  control.write(frame(kind, body));
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
    control.end(() => process.exit(1));
    return;
  } finally {
    dropBytes(body);
  }
  tellParent(FRAME.begun);
  const [main, args] = message;
  await main(...(args as never[]));
  // What the main function leaves behind does not keep the process: it ends with it, as in Python.
  endsInOrder = true;
  process.exit();
}

/** The main function has ended: what it holds stays held, as in Python. Otherwise it is abandoned. */
let endsInOrder = false;
