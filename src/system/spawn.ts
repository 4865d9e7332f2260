import { closeSync, readdirSync } from 'node:fs';
import { errno, foreign, koffi } from './library.ts';
import { duplicate, isOpen } from './pipes.ts';
import { credentialsFor, type Credentials } from './credentials.ts';

/*
 * Starting a program by posix_spawn: unlike fork, its cost does not grow with the memory of this process, and no page of
 * ours has to be copied afterwards.
 */
export interface SpawnPlan {
  /** The file to run: a path, not searched for. */
  readonly file: Uint8Array;
  readonly args: readonly Uint8Array[];
  /** `NAME=value`; `null`: those of this process, with `added` among them. */
  readonly env: readonly Uint8Array[] | null;
  /** For `null`: each takes the place of what this process has by its name. */
  readonly added: readonly Uint8Array[];
  readonly cwd: Uint8Array | null;
  /** What becomes descriptor 0, 1 and 2 of the child. */
  readonly stdio: readonly [number, number, number];
  /** The terminal that it opens as all three instead, and that becomes its own; for a new session. */
  readonly terminal: Uint8Array | null;
  /** Whether the other descriptors are closed, but for those to pass. */
  readonly closeOthers: boolean;
  readonly pass: readonly number[];
  readonly newSession: boolean;
  /** The group it joins, 0 for one of its own; `null`: ours. */
  readonly group: number | null;
  readonly restoreSignals: boolean;
  readonly umask: number | null;
  readonly credentials: Credentials | null;
}

// glibc's and musl's structs have 336 and 80 bytes.
const STRUCT_BYTES = 512;
const SIGSET_BYTES = 128;
const O_RDWR = 2;
const SETPGROUP = 0x02;
const SETSIGDEF = 0x04;
const SETSIGMASK = 0x08;
const SETSID = 0x80;
/** The signals that Node ignores, and whose children should not. */
const SIGPIPE = 13;
const SIGXFSZ = 25;

/** The child's number, or minus the errno. Nothing of ours is left open or changed when it fails. */
export function spawnProgram(plan: SpawnPlan): number {
  const lifted: number[] = [];
  const actions = Buffer.alloc(STRUCT_BYTES);
  const attributes = Buffer.alloc(STRUCT_BYTES);
  foreign('int posix_spawn_file_actions_init(void *actions)')(actions);
  foreign('int posix_spawnattr_init(void *attributes)')(attributes);
  try {
    if (plan.cwd !== null) foreign('int posix_spawn_file_actions_addchdir_np(void *actions, void *path)')(actions, terminated(plan.cwd));
    const failed = placeDescriptors(plan, actions, lifted);
    if (failed !== 0) return -failed;
    setAttributes(plan, attributes);
    const args = new Strings(plan.args);
    const variables = new Strings(plan.env ?? plan.added);
    const pid = [0];
    const spawn = (): number =>
      foreign('int posix_spawn(_Out_ int *pid, void *path, void *actions, void *attributes, void *argv, void *envp)')(
        pid,
        terminated(plan.file),
        actions,
        attributes,
        args.table,
        plan.env !== null ? variables.table : plan.added.length > 0 ? withOurs(variables.table, plan.added) : environment(),
      );
    const code = withUmask(plan.umask, () => credentialsFor(plan.credentials, spawn));
    return code === 0 ? pid[0]! : -code;
  } finally {
    for (const fd of lifted) closeSync(fd);
    foreign('int posix_spawn_file_actions_destroy(void *actions)')(actions);
    foreign('int posix_spawnattr_destroy(void *attributes)')(attributes);
  }
}

/** Says in `actions` which descriptors the child gets. 0, or the errno. */
function placeDescriptors({ stdio, terminal, closeOthers, pass }: SpawnPlan, actions: Buffer, lifted: number[]): number {
  const dup2 = foreign('int posix_spawn_file_actions_adddup2(void *actions, int from, int to)');
  const sources = [...stdio];
  if (terminal !== null) {
    const open = foreign('int posix_spawn_file_actions_addopen(void *actions, int fd, void *path, int flags, uint mode)');
    open(actions, 0, terminated(terminal), O_RDWR, 0);
    dup2(actions, 0, 1);
    dup2(actions, 0, 2);
  }
  for (const [to, from] of terminal === null ? stdio.entries() : []) {
    // One that stands where another is to be put would be overwritten before its turn.
    if (from > 2 || from === to) continue;
    const copy = duplicate(from, 3);
    if (copy < 0) return errno();
    lifted.push(copy);
    sources[to] = copy;
  }
  // Onto itself too: that is how close-on-exec is taken from it. What is closed here is closed there.
  if (terminal === null) for (const [to, from] of sources.entries()) if (from !== to || isOpen(from)) dup2(actions, from, to);
  for (const fd of pass) if (fd > 2) dup2(actions, fd, fd);
  if (closeOthers)
    closeAllBut(
      pass.filter((fd) => fd > 2),
      actions,
    );
  return 0;
}

/** Node opens all of its own to be closed; what this process has inherited itself is not. */
function closeAllBut(kept: readonly number[], actions: Buffer): void {
  const after = Math.max(2, ...kept);
  const close = foreign('int posix_spawn_file_actions_addclose(void *actions, int fd)');
  const open = (): number[] => readdirSync('/proc/self/fd').map(Number);
  const from = closeFrom();
  const listed = from !== null && after === 2 ? [] : open();
  for (const fd of listed) if (fd > 2 && !kept.includes(fd) && (from === null || fd < after)) close(actions, fd);
  from?.(actions, after + 1);
}

let closeFromFound: ((actions: Buffer, from: number) => number) | null | undefined;

/** `null` where the C library is older than glibc 2.34, or is musl. */
function closeFrom(): ((actions: Buffer, from: number) => number) | null {
  if (closeFromFound === undefined) {
    try {
      closeFromFound = foreign('int posix_spawn_file_actions_addclosefrom_np(void *actions, int from)');
    } catch {
      closeFromFound = null;
    }
  }
  return closeFromFound;
}

function setAttributes({ newSession, group, restoreSignals }: SpawnPlan, attributes: Buffer): void {
  let flags = SETSIGMASK | (newSession ? SETSID : 0);
  foreign('int posix_spawnattr_setsigmask(void *attributes, void *set)')(attributes, Buffer.alloc(SIGSET_BYTES));
  if (restoreSignals) {
    flags |= SETSIGDEF;
    const set = Buffer.alloc(SIGSET_BYTES);
    set.writeUInt32LE(2 ** (SIGPIPE - 1) + 2 ** (SIGXFSZ - 1), 0);
    foreign('int posix_spawnattr_setsigdefault(void *attributes, void *set)')(attributes, set);
  }
  if (group !== null) {
    flags |= SETPGROUP;
    foreign('int posix_spawnattr_setpgroup(void *attributes, int group)')(attributes, group);
  }
  foreign('int posix_spawnattr_setflags(void *attributes, short flags)')(attributes, flags);
}

/** The mask belongs to all threads: one that makes a file in this very moment gets it too. posix_spawn knows no other way. */
function withUmask(mask: number | null, spawn: () => number): number {
  if (mask === null) return spawn();
  const umask = foreign('uint umask(uint mask)');
  const before = umask(mask);
  try {
    return spawn();
  } finally {
    umask(before);
  }
}

/** A char **: the strings, and a table of where they lie. Keep it for as long as it is used. */
class Strings {
  readonly bytes: Buffer;
  readonly table: Buffer;

  constructor(list: readonly Uint8Array[]) {
    // Memory of its own, which is never moved.
    this.bytes = Buffer.allocUnsafeSlow(list.reduce((sum, { length }) => sum + length + 1, 1));
    this.table = Buffer.allocUnsafeSlow((list.length + 1) * 8);
    const start = koffi().address(this.bytes);
    let at = 0;
    for (const [i, text] of list.entries()) {
      this.table.writeBigUInt64LE(start + BigInt(at), i * 8);
      this.bytes.set(text, at);
      at += text.length;
      this.bytes[at++] = 0;
    }
    this.table.writeBigUInt64LE(0n, list.length * 8);
  }
}

let environ: bigint | undefined;

/** The environment of this process, as it is now: byte by byte, also what is no text. */
function environment(): unknown {
  const library = koffi();
  environ ??= library.load(null).symbol('environ', 'char **') as unknown as bigint;
  return library.decode(environ, 'void *');
}

/** The variables of a table, and those of this process that have other names. It is not copied, and holds until this process sets one. */
function withOurs(table: Buffer, added: readonly Uint8Array[]): Buffer {
  const compare = foreign('int strncmp(uintptr_t variable, void *name, size_t length)');
  const names = added.map((variable) => variable.subarray(0, variable.indexOf(EQUALS) + 1));
  const ours: bigint[] = [];
  const base = environment();
  for (let at = 0; ; at += 8) {
    const variable = koffi().decode(base, at, 'uintptr_t') as number | bigint;
    if (Number(variable) === 0) break;
    if (names.every((name) => compare(variable, name, name.length) !== 0)) ours.push(BigInt(variable));
  }
  // In front of the table's own end.
  return Buffer.concat([new Uint8Array(BigUint64Array.from(ours).buffer), table]);
}
const EQUALS = '='.charCodeAt(0);

const terminated = (text: Uint8Array): Buffer => Buffer.concat([text, Buffer.alloc(1)]);
