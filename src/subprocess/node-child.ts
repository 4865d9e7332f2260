import { accessSync, constants as access, statSync } from 'node:fs';
import { type ChildProcess, spawn } from 'node:child_process';
import { constants as os } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { StateError } from '../base/errors.ts';
import { whyNoLibrary } from '../system/library.ts';
import { environmentOf } from './command.ts';
import type { Child, Placement, StartPlan } from './plan.ts';
import { startError } from './start-error.ts';

/*
 * Where the C library can't be called, Node's own child_process starts commands. Then
 *
 *   the event loop stands still while the memory of a large parent is copied
 *   pipes are sockets: a child can't open /dev/stdin, and `yes | head` complains
 *   what goes from one command to the next comes through this process
 *   nothing blocks but `runSync` and what is made of it
 *   umask, extraGroups, pipesize, passFds and a processGroup other than 0 are refused
 */
export function startByNode(plan: StartPlan): Child {
  refuseWhatNodeCannot(plan);
  findProgram(plan);
  const { env, cwd } = plan;
  const { file, words } = merged(plan);
  if (env !== null) environmentOf(env);
  let child: ChildProcess;
  try {
    child = spawn(file, words.slice(1), {
      argv0: words[0]!,
      cwd: cwd?.toString(),
      env:
        env === null
          ? process.env
          : Object.fromEntries(Object.entries(env).map(([name, value]) => [name, value === undefined ? undefined : String(value)])),
      stdio: plan.stdio.map((placement, i) => stdioOf(placement, i, plan)) as never,
      detached: plan.newSession || plan.group === 0,
      ...(plan.credentials?.user == null ? {} : { uid: plan.credentials.user }),
      ...(plan.credentials?.group == null ? {} : { gid: plan.credentials.group }),
      windowsHide: true,
    });
  } catch (cause) {
    throw startError(plan, -((cause as NodeJS.ErrnoException).errno ?? -os.errno.EAGAIN), plan.cwd, cause);
  }
  // The reason comes as an event, too late for the caller.
  child.on('error', () => {});
  if (child.pid === undefined) throw startError(plan, os.errno.EAGAIN, plan.cwd);
  return new NodeChild(child, child.pid, plan);
}

function refuseWhatNodeCannot(plan: StartPlan): void {
  const option =
    plan.terminal !== null
      ? 'pty'
      : plan.umask !== null
        ? 'umask'
        : plan.credentials?.extraGroups != null
          ? 'extraGroups'
          : plan.passFds.length > 0
            ? 'passFds'
            : plan.group !== null && plan.group !== 0
              ? 'processGroup'
              : null;
  if (option !== null)
    throw new StateError('ERR_NO_LIBRARY', `the option ${option} needs the C library, which can't be called here: ${whyNoLibrary()}`);
}

/** Node tells that a program is not there by an event: so it is looked for first. */
function findProgram(plan: StartPlan): void {
  if (process.platform === 'win32') return;
  const cwd = plan.cwd?.toString() ?? '.';
  if (statSync(cwd, { throwIfNoEntry: false })?.isDirectory() !== true) throw startError(plan, os.errno.ENOENT, plan.cwd);
  const file = plan.invocation.file.toString();
  const folders = file.includes('/') ? [''] : String((plan.env ?? process.env)['PATH'] ?? '/bin:/usr/bin').split(':');
  let errno: number = os.errno.ENOENT;
  for (const folder of folders) {
    const path = file.startsWith('/') ? file : folder.startsWith('/') ? join(folder, file) : join(cwd, folder, file);
    if (statSync(path, { throwIfNoEntry: false }) === undefined) continue;
    errno = os.errno.EACCES;
    try {
      accessSync(path, access.X_OK);
      if (statSync(path).isFile()) return;
    } catch {
      // Perhaps there is another.
    }
  }
  throw startError(plan, errno, plan.cwd);
}

function stdioOf(placement: Placement, i: number, plan: StartPlan): unknown {
  if (placement.is === 'pipe') return 'pipe';
  if (placement.is === 'stdout') {
    const stdout = plan.stdio[1];
    return stdout.is === 'descriptor' ? stdout.fd : 'ignore';
  }
  return placement.fd === i ? 'inherit' : placement.fd;
}

/** Node can't give one socket for stdout and stderr: a shell can, before it becomes the program. */
export function merged({ invocation, stdio }: StartPlan): { readonly file: string; readonly words: readonly string[] } {
  const [file, words] = [invocation.file.toString(), invocation.words.map(String)];
  if (stdio[2].is !== 'stdout' || stdio[1].is === 'descriptor') return { file, words };
  return { file: '/bin/sh', words: ['sh', '-c', 'exec "$0" "$@" 2>&1', file, ...words.slice(1)] };
}

class NodeChild implements Child {
  readonly pid: number;
  readonly stdin: Writable | null;
  readonly stdout: Readable | null;
  readonly stderr: Readable | null;
  readonly pidfd = null;
  readonly terminal = null;
  readonly #child: ChildProcess;
  readonly #calls: ((returnCode: number) => void)[] = [];
  #returnCode: number | null = null;

  constructor(child: ChildProcess, pid: number, { stdio }: StartPlan) {
    this.pid = pid;
    this.#child = child;
    const isPipe = (i: number): boolean => stdio[i]!.is === 'pipe';
    this.stdin = isPipe(0) ? child.stdin : null;
    this.stdout = isPipe(1) ? child.stdout : null;
    this.stderr = isPipe(2) ? child.stderr : null;
    child.once('exit', (code, signal) => {
      this.#returnCode = returnCodeOf(code, signal);
      for (const call of this.#calls.splice(0)) call(this.#returnCode);
    });
    child.unref();
  }

  poll(): number | null {
    return this.#returnCode;
  }

  waitSync(ms: number): number | null {
    if (this.#returnCode !== null || ms === 0) return this.#returnCode;
    throw new StateError('ERR_NO_LIBRARY', `cannot block until process ${this.pid} ends: ${whyNoLibrary()}. Await it, or use runSync`);
  }

  onExit(call: (returnCode: number) => void): void {
    if (this.#returnCode === null) this.#calls.push(call);
    else setImmediate(call, this.#returnCode);
  }

  signal(number: number): void {
    if (this.#returnCode === null && this.#child.exitCode === null && this.#child.signalCode === null) {
      try {
        process.kill(this.pid, number);
      } catch {
        // It has ended in this moment.
      }
    }
  }

  ref(on: boolean): void {
    if (on) this.#child.ref();
    else this.#child.unref();
  }
}

export const returnCodeOf = (code: number | null, signal: NodeJS.Signals | null): number =>
  signal === null ? (code ?? 0) : -os.signals[signal];
