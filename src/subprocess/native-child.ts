import { closeSync, statSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { lift, makePipe, setPipeSize } from '../system/pipes.ts';
import { childStatus, type ChildStatus, openPidfd, signalPidfd } from '../system/pidfd.ts';
import { POLLIN, pollDescriptors } from '../system/poll.ts';
import { openTerminal } from '../system/terminal.ts';
import { spawnProgram } from '../system/spawn.ts';
import { environmentOf } from './command.ts';
import { prepareWatching, type Watch, watchDescriptor } from '../host/exit-watch.ts';
import type { Child, StartPlan } from './plan.ts';
import { startError } from './start-error.ts';
import { Terminal } from './terminal.ts';

const ENOENT = 2;
const EACCES = 13;
const ENOTDIR = 20;
const SIGKILL = 9;
const ESRCH = 3;
const ECHILD = 10;
/** What is searched when there is no PATH. */
const DEFAULT_PATH = '/bin:/usr/bin';

/** Starts a command by posix_spawn, with real pipes. Throws `ProcessStartError`; nothing is left open then. */
export function startNatively(plan: StartPlan): Child {
  const opened: number[] = [];
  const theirs: number[] = [];
  const unable = prepareWatching();
  if (unable !== 0) throw startError(plan, unable, null);
  try {
    const ours: (number | null)[] = [null, null, null];
    const stdio = plan.stdio.map((placement, i) => {
      if (placement.is === 'descriptor') return placement.fd;
      if (placement.is !== 'pipe') return -1;
      const ends = makePipe();
      if (typeof ends === 'number') throw startError(plan, ends, null);
      opened.push(...ends);
      if (plan.pipesize !== null) setPipeSize(ends[0], plan.pipesize);
      ours[i] = ends[i === 0 ? 1 : 0];
      theirs.push(ends[i === 0 ? 0 : 1]);
      return ends[i === 0 ? 0 : 1];
    });
    if (plan.stdio[2].is === 'stdout') stdio[2] = stdio[1]!;
    const terminal = plan.terminal === null ? null : openTerminal(plan.terminal);
    if (typeof terminal === 'number') throw startError(plan, terminal, null);
    if (terminal !== null) opened.push(terminal.fd);
    const pid = spawn(plan, stdio as [number, number, number], terminal?.path ?? null);
    const pidfd = lift(openPidfd(pid));
    if (pidfd < 0 && pidfd !== -ESRCH) {
      // Nobody could tell when it ends.
      endUnwatched(pid);
      throw startError(plan, -pidfd, null);
    }
    for (const fd of theirs) closeSync(fd);
    if (terminal === null) return new NativeChild(pid, pidfd, ours as [number | null, number | null, number | null], null);
    const ourEnd = new Terminal(terminal.fd);
    return new NativeChild(pid, pidfd, [ourEnd.input, ourEnd.output, null], ourEnd);
  } catch (error) {
    for (const fd of opened) closeSync(fd);
    throw error;
  }
}

const nap = new Int32Array(new SharedArrayBuffer(4));

function endUnwatched(pid: number): void {
  try {
    process.kill(pid, SIGKILL);
  } catch {
    // It has ended, and the system has reaped it.
  }
  while (childStatus({ pid }) === null) Atomics.wait(nap, 0, 0, 1);
}

function spawn(plan: StartPlan, stdio: readonly [number, number, number], terminal: Buffer | null): number {
  const { invocation, env, cwd } = plan;
  const encoded = env === null ? null : environmentOf(env);
  const added = environmentOf(plan.added);
  let code = ENOENT;
  let seen: number | null = null;
  for (const file of candidates(plan)) {
    const result = spawnProgram({
      file,
      args: invocation.words,
      env: encoded,
      added,
      cwd,
      stdio,
      terminal,
      closeOthers: plan.closeFds,
      pass: plan.passFds,
      newSession: plan.newSession || terminal !== null,
      group: plan.group,
      restoreSignals: plan.restoreSignals,
      umask: plan.umask,
      credentials: plan.credentials,
    });
    if (result >= 0) return result;
    code = -result;
    if (code !== ENOENT && code !== ENOTDIR) seen ??= code;
    // As the shell does: another of this name, later in the path, may be a better one.
    if (code !== ENOENT && code !== ENOTDIR && code !== EACCES) break;
  }
  throw startError(plan, seen ?? code, cwd);
}

/** The files that a name may mean, as far as they are there. */
function candidates({ invocation, env, cwd }: StartPlan): Buffer[] {
  const { file } = invocation;
  if (file.includes('/')) return [file];
  const path = Buffer.from((env ?? process.env)['PATH'] ?? DEFAULT_PATH).toString();
  const name = file.toString('latin1');
  return path.split(':').flatMap((folder) => {
    const candidate = Buffer.from(`${folder === '' ? '.' : folder}/`);
    const place = Buffer.concat([candidate, Buffer.from(name, 'latin1')]);
    const seenFrom = isAbsolute(folder) || cwd === null ? place : Buffer.from(join(cwd.toString(), place.toString()));
    return isThere(seenFrom) ? [place] : [];
  });
}

/** Also what can't be looked at: then the system says why. */
function isThere(path: Buffer): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EACCES';
  }
}

/** Python's one number: the exit code, or minus the number of the signal that ended, or stopped, it. */
export const returnCodeOf = (status: ChildStatus): number => (status.is === 'exited' ? status.code : -status.signal);

class NativeChild implements Child {
  readonly pid: number;
  readonly stdin: number | Writable | null;
  readonly stdout: number | Readable | null;
  readonly stderr: number | null;
  readonly terminal: Terminal | null;
  readonly #pidfd: number;
  readonly #watch: Watch | null;
  readonly #calls: ((returnCode: number) => void)[] = [];
  #returnCode: number | null = null;

  constructor(
    pid: number,
    pidfd: number,
    [stdin, stdout, stderr]: readonly [number | Writable | null, number | Readable | null, number | null],
    terminal: Terminal | null,
  ) {
    this.pid = pid;
    this.stdin = stdin;
    this.stdout = stdout;
    this.stderr = stderr;
    this.terminal = terminal;
    this.#pidfd = pidfd;
    // Negative: it has ended, and the system has reaped it already.
    this.#watch = pidfd < 0 ? null : watchDescriptor(pidfd, () => this.poll());
    if (pidfd < 0) this.poll();
  }

  get pidfd(): number | null {
    return this.#returnCode === null ? this.#pidfd : null;
  }

  poll(): number | null {
    if (this.#returnCode !== null) return this.#returnCode;
    const status = this.#pidfd < 0 ? -ECHILD : childStatus({ pidfd: this.#pidfd });
    if (status === null) return null;
    if (typeof status === 'number') {
      // Somebody else has reaped it, or the system, which does when SIGCHLD is ignored. As in Python, it counts as well ended.
      if (status !== -ECHILD) return null;
      process.emitWarning(`how process ${this.pid} ended is not known: it was reaped by other code`);
    }
    const returnCode = typeof status === 'number' ? 0 : returnCodeOf(status);
    this.#returnCode = returnCode;
    this.#watch?.close();
    this.terminal?.release();
    for (const call of this.#calls.splice(0)) call(returnCode);
    return returnCode;
  }

  waitSync(ms: number): number | null {
    const end = performance.now() + ms;
    for (;;) {
      const returnCode = this.poll();
      const left = Math.max(0, end - performance.now());
      if (returnCode !== null || left === 0) return returnCode;
      pollDescriptors([{ fd: this.#pidfd, events: POLLIN }], left);
    }
  }

  onExit(call: (returnCode: number) => void): void {
    if (this.#returnCode === null) this.#calls.push(call);
    else setImmediate(call, this.#returnCode);
  }

  signal(number: number): void {
    // Reaped first, for one that has ended meanwhile is no error. A pidfd never means a later process of this number.
    if (this.poll() === null) signalPidfd(this.#pidfd, number);
  }

  ref(on: boolean): void {
    if (this.#returnCode !== null) return;
    if (on) this.#watch?.ref();
    else this.#watch?.unref();
  }
}
