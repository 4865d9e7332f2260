import { isUtf8 } from 'node:buffer';
import type { SpawnOptions } from 'node:child_process';
import { accessSync, closeSync, constants as access, openSync, statSync } from 'node:fs';
import { constants as os } from 'node:os';
import { join } from 'node:path';
import { StateError } from '../base/errors.ts';
import { whyNoLibrary } from '../system/library.ts';
import { environmentOf } from './command.ts';
import type { Placement, StartPlan } from './plan.ts';
import { interpreterOf, startError } from './start-error.ts';

/*
 * Where the C library can't be called, Node's own child_process starts commands. Then
 *
 *   the event loop stands still while the memory of a large parent is copied
 *   pipes are sockets: a child can't open /dev/stdin, and `yes | head` complains
 *   what goes from one command to the next comes through this process
 *   a command whose reader goes away ends with an error of its own, and not by SIGPIPE
 *   death by a real-time signal looks like success
 *   nothing blocks but `runSync` and what is made of it
 *   pty, umask, extraGroups, pipesize, restoreSignals and a processGroup other than 0 are refused, and with runSync drain is
 *   processGroup: 0 makes a session too
 */
export interface NodePlan {
  readonly file: string;
  readonly args: readonly string[];
  /** For `spawn`, and for `spawnSync`. */
  readonly options: SpawnOptions & { readonly argv0: string };
}

const lost = (what: string): StateError =>
  new StateError('ERR_NO_LIBRARY', `${what} needs the C library, which can't be called here: ${whyNoLibrary()}`);

/** Says to Node what a plan says; refuses what Node can't, and what can't be started. */
export function nodePlanOf(plan: StartPlan): NodePlan {
  refuseWhatNodeCannot(plan);
  findProgram(plan);
  const { cwd } = plan;
  const env = plan.env ?? (Object.keys(plan.added).length === 0 ? null : { ...process.env, ...plan.added });
  const { file, words } = merged(plan);
  if (env !== null) environmentOf(env);
  return {
    file,
    args: words.slice(1),
    options: {
      argv0: words[0]!,
      ...(cwd === null ? {} : { cwd: textOf(cwd, 'cwd') }),
      env: env === null ? process.env : textsOf(env),
      stdio: stdioOf(plan),
      detached: plan.newSession || plan.group === 0,
      ...(plan.credentials?.user == null ? {} : { uid: plan.credentials.user }),
      ...(plan.credentials?.group == null ? {} : { gid: plan.credentials.group }),
      windowsHide: true,
    },
  };
}

/** Node passes on texts, and would change bytes that are none. */
function textOf(bytes: Uint8Array, what: string): string {
  if (isUtf8(bytes)) return Buffer.from(bytes).toString();
  throw lost(`${what}, of bytes that are no text in UTF-8,`);
}

const textsOf = (env: NonNullable<StartPlan['env']>): Record<string, string | undefined> =>
  Object.fromEntries(
    Object.entries(env).map(([name, value]) => [name, value instanceof Uint8Array ? textOf(value, `environment variable ${name}`) : value]),
  );

function refuseWhatNodeCannot(plan: StartPlan): void {
  const option =
    plan.terminal !== null
      ? 'pty'
      : plan.umask !== null
        ? 'umask'
        : plan.credentials?.extraGroups != null
          ? 'extraGroups'
          : plan.pipesize !== null
            ? 'pipesize'
            : !plan.restoreSignals
              ? 'restoreSignals'
              : plan.group !== null && plan.group !== 0
                ? 'processGroup'
                : null;
  if (option !== null) throw lost(`the option ${option}`);
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

/** Node has told so far only that it is one of the errors that come as events: which, is found out here. */
export function likelyReason(plan: StartPlan): number {
  const { EMFILE, ENOENT, EACCES, EAGAIN } = os.errno;
  if (!areDescriptorsLeft()) return EMFILE;
  if (interpreterOf(plan) !== null) return ENOENT;
  return plan.credentials === null ? EAGAIN : EACCES;
}

/** Two for each stream, and two by which the child tells that it has become the program. */
const NEEDED = 8;

function areDescriptorsLeft(): boolean {
  const opened: number[] = [];
  try {
    while (opened.length < NEEDED) opened.push(openSync('/dev/null', 'r'));
    return true;
  } catch {
    return false;
  } finally {
    for (const fd of opened) closeSync(fd);
  }
}

type StdioPlace = 'pipe' | 'ignore' | 'inherit' | number;

function stdioOf(plan: StartPlan): StdioPlace[] {
  const stdio = plan.stdio.map((placement, i) => placedAt(placement, i, plan));
  for (const fd of plan.passFds) if (fd > 2) stdio[fd] = fd;
  return Array.from(stdio, (place) => place ?? 'ignore');
}

function placedAt(placement: Placement, i: number, plan: StartPlan): StdioPlace {
  if (placement.is === 'pipe') return 'pipe';
  if (placement.is === 'stdout') {
    const stdout = plan.stdio[1];
    return stdout.is === 'descriptor' ? stdout.fd : 'ignore';
  }
  return placement.fd === i ? 'inherit' : placement.fd;
}

/** Node can't give one socket for stdout and stderr: a shell can, before it becomes the program. */
function merged({ invocation, stdio }: StartPlan): { readonly file: string; readonly words: readonly string[] } {
  const file = textOf(invocation.file, 'a program');
  const words = invocation.words.map((word, i) => textOf(word, i === 0 ? 'a program' : `argument ${i}`));
  if (stdio[2].is !== 'stdout' || stdio[1].is === 'descriptor') return { file, words };
  return { file: '/bin/sh', words: ['sh', '-c', 'exec "$0" "$@" 2>&1', file, ...words.slice(1)] };
}
