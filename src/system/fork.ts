import { closeSync, openSync, readFileSync, readSync, readdirSync } from 'node:fs';
import { errno, foreign, type Foreign, whyNoLibrary } from './library.ts';

/*
 * A copy of this process: fork(2), for a Node that has been started for that alone. What has to be so before, each learnt from a failure:
 *
 * - V8 has its heap left out of copies (MADV_DONTFORK). That is undone for all private memory right before, and again until
 *   a look finds what the one before has found, be it that after the copy before. V8 may still take memory between the last look and the copy, once
 *   in some thousand times: the copy lacks it, and dies of that sooner or later. So it is looked once more afterwards.
 * - Threads are not copied. V8 and libuv may have some that sleep, but none that work: `--single-threaded`,
 *   `--v8-pool-size=1` (0 means "choose"), and libuv's pool not yet begun. Whoever waits for one of them in the copy waits for ever.
 * - The copy is a child of the parent of this process (CLONE_PARENT): that one gets its pid, waits for it, is its ppid and takes it along when
 *   it dies; and the death of this process is nothing to it.
 * - The C library keeps the thread's number: the kernel writes the new one at its place, as it does in the library's own fork.
 * - The copy's event loop needs descriptors of its own: `uv_loop_fork`.
 */
const CLONE = { x64: 56, arm64: 220 }[process.arch as 'x64' | 'arm64'];
const CLONE_PARENT = 0x8000;
const CLONE_CHILD_CLEARTID = 0x20_0000;
const CLONE_CHILD_SETTID = 0x100_0000;
const SIGCHLD = 17;
const SIGINT = 2;
const SIG_DFL = 0;
const SIG_IGN = 1;
const MADV_DOFORK = 11;
const PR_GET_TID_ADDRESS = 40;
const MAPS_BYTES = 1 << 20;
const ROUNDS_MAX = 8;
/** So many copies are made between two collections: each takes some ten KB, and there is room for a hundred times that. */
const COLLECT_EVERY = 8;
const REHEARSALS = 6;

interface Calls {
  readonly clone: Foreign;
  readonly madvise: Foreign;
  readonly loop: unknown;
  readonly loopFork: Foreign;
  readonly signal: Foreign;
  /** Where the C library keeps the number of this thread. */
  readonly tid: number;
}

let calls: Calls | null = null;
// Taken now: between looking and copying, no memory is to be asked for.
let maps: readonly [Buffer, Buffer] | null = null;
/** What the last look before a copy found, and how long that is. */
let seen: { readonly text: Buffer; readonly length: number } | null = null;
/** How many copies may be made before room is made for young objects. */
let roomFor = 0;

/** Why this process can't be copied; `null` when it can, as far as can be seen. Prepares for it. */
export function whyNoFork(): string | null {
  const reason = whyNoLibrary();
  if (reason !== null) return reason;
  const busy = threadsOfLibuv();
  if (busy !== null) return busy;
  try {
    calls ??= prepare();
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  maps ??= [Buffer.alloc(MAPS_BYTES), Buffer.alloc(MAPS_BYTES)];
  return null;
}

function prepare(): Calls {
  const address = Buffer.alloc(8);
  const asked = foreign('int prctl(int option, void *result, ulong b, ulong c, ulong d)')(PR_GET_TID_ADDRESS, address, 0, 0, 0);
  if (asked !== 0) throw new Error(`the system does not tell where the C library keeps the thread's number (errno ${errno()})`);
  const tid = Number(address.readBigUInt64LE());
  if (wordAt(tid) !== foreign('int gettid()')()) throw new Error("the C library is not glibc: it keeps the thread's number elsewhere");
  return {
    clone: foreign('long syscall(long n, ulong flags, ulong stack, ulong parentTid, ulong fourth, ulong fifth)'),
    madvise: foreign('int madvise(int64_t address, int64_t length, int advice)'),
    loop: foreign('void *uv_default_loop()')(),
    loopFork: foreign('int uv_loop_fork(void *loop)'),
    signal: foreign('void *signal(int number, int64_t what)'),
    tid,
  };
}

/** A word of this process's memory, read as somebody else would. */
function wordAt(address: number): number {
  const word = Buffer.alloc(4);
  const memory = openSync('/proc/self/mem', 'r');
  try {
    readSync(memory, word, 0, 4, address);
  } finally {
    closeSync(memory);
  }
  return word.readInt32LE();
}

/** What runs beside this thread is told by its names. Those of V8 and of the inspector sleep; any other may be in the middle of something. */
function threadsOfLibuv(): string | null {
  const tasks = readdirSync('/proc/self/task');
  // This one, V8's worker and its clock, and the inspector's.
  const QUIET_MAX = 4;
  if (tasks.length <= QUIET_MAX) return null;
  const names = tasks.map((task) => readFileSync(`/proc/self/task/${task}/comm`, 'latin1').trim());
  return `something that was loaded at its start has started threads: ${names.join(', ')}`;
}

/** Ctrl-C at a terminal is for the program, not for the Node that is copied; copies get it. */
export function ignoreInterrupts(): void {
  calls!.signal(SIGINT, SIG_IGN);
}

/** Copies this process. `collect` makes room for young objects first. In the copy 0; here its pid, or minus the errno. `whyNoFork` comes first, and has found nothing. */
export function forkProcess(collect: () => void): number {
  const { clone, madvise, loop, loopFork, signal, tid } = calls!;
  if (--roomFor < 0) {
    collect();
    roomFor = COLLECT_EVERY;
  }
  openPrivateMemory(madvise);
  const flags = CLONE_PARENT | CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID | SIGCHLD;
  // The last two stand in this order on x64, and the other way round on arm64.
  const pid = CLONE === 56 ? clone(CLONE, flags, 0, 0, tid, 0) : clone(CLONE, flags, 0, 0, 0, tid);
  if (pid !== 0) return pid < 0 ? -errno() : pid;
  loopFork(loop);
  signal(SIGINT, SIG_DFL);
  return 0;
}

/** Looks as often as V8 needs to have compiled all of it: else it would take memory for that in the middle of the first copies. `whyNoFork` comes first. */
export function rehearseFork(): void {
  for (let i = 0; i < REHEARSALS; i++) {
    openPrivateMemory(calls!.madvise);
    isCopyWhole();
  }
}

/**
 * Whether the last copy has all the memory that this process had: to be asked in this one, right after. One that has not is to be ended before it does
 * anything that can be seen.
 */
export function isCopyWhole(): boolean {
  const { text, length } = seen!;
  const now = another(text);
  const isWhole = isSame(now, readMaps(now), text, length);
  if (!isWhole) roomFor = 0;
  return isWhole;
}

/** Has all private memory copied, until a look finds the same as the one before. */
function openPrivateMemory(madvise: Foreign): void {
  for (let round = 0; round < ROUNDS_MAX; round++) {
    const before = seen;
    const text = another(before?.text);
    const length = readMaps(text);
    openMappings(text, length, madvise);
    seen = { text, length };
    if (before !== null && isSame(text, length, before.text, before.length)) return;
  }
}

const another = (than: Buffer | undefined): Buffer => maps!.find((buffer) => buffer !== than)!;

const isSame = (a: Buffer, aLength: number, b: Buffer, bLength: number): boolean =>
  aLength === bLength && a.compare(b, 0, bLength, 0, aLength) === 0;

function readMaps(into: Buffer): number {
  const fd = openSync('/proc/self/maps', 'r');
  let length = 0;
  for (let got = 1; got > 0; length += got) got = readSync(fd, into, length, into.length - length, null);
  closeSync(fd);
  return length;
}

const NEWLINE = 10;
const BLANK = 32;
const ZERO = 48;
const BRACKET = 91;

/** Each line is `from-to rights offset device inode name`; memory that belongs to no file has inode 0. `[v…]` is the kernel's own. */
function openMappings(text: Buffer, length: number, madvise: Foreign): void {
  let at = 0;
  const hex = (): number => {
    let value = 0;
    for (;;) {
      const c = text[at]!;
      if (c >= 48 && c <= 57) value = value * 16 + c - 48;
      else if (c >= 97 && c <= 102) value = value * 16 + c - 87;
      else return value;
      at++;
    }
  };
  while (at < length) {
    const from = hex();
    at++;
    const to = hex();
    for (let blanks = 0; blanks < 4; at++) if (text[at] === BLANK) blanks++;
    const isAnonymous = text[at] === ZERO;
    let isKernels = false;
    for (; text[at] !== NEWLINE; at++) if (text[at] === BRACKET && text[at + 1] === 118) isKernels = true;
    at++;
    if (isAnonymous && !isKernels) madvise(from, to - from, MADV_DOFORK);
  }
}

/** The number of this process, asked of the system: Node's own is that of whoever it was copied from. */
export const systemPid = (): number => foreign('int getpid()')();
