import { StateError } from '../base/errors.ts';
import { errno, type Foreign, foreign, koffi } from './library.ts';
import { POLLHUP, pollDescriptors } from './poll.ts';

/*
 * Memory that processes share, and sleeping on a word of it: memfd, mmap and futex(2).
 *
 * A memfd has no name, so nothing is left behind when everybody who has it dies. Its mapping appears as an
 * ordinary ArrayBuffer, on which V8's atomics are real ones across processes; only Atomics.wait and notify
 * refuse it, and the futex stands in for them.
 */

interface Libc {
  readonly syscall: Foreign;
  readonly memfdCreate: Foreign;
  readonly ftruncate: Foreign;
  readonly mmap: (...args: unknown[]) => unknown;
  readonly prctl: Foreign;
  readonly errno: () => number;
  readonly address: (pointer: unknown) => bigint;
  readonly view: (pointer: unknown, bytes: number) => ArrayBuffer;
}

const FUTEX = { x64: 202, arm64: 98 }[process.arch as 'x64' | 'arm64'];
const FUTEX_WAIT = 0;
const FUTEX_WAKE = 1;
const MFD_CLOEXEC = 1;
const PROT_READ_WRITE = 3;
const MAP_SHARED = 1;
const PR_SET_PDEATHSIG = 1;
const SIGKILL = 9;
const EAGAIN = 11;
const ETIMEDOUT = 110;

let libc: Libc | undefined;

/** Whether processes can share memory here. */
export function canShareMemory(): boolean {
  return process.platform === 'linux' && FUTEX !== undefined;
}

function load(): Libc {
  if (libc !== undefined) return libc;
  if (!canShareMemory()) {
    throw new StateError(
      'ERR_NO_SHARED_MEMORY',
      `sharing memory between processes needs Linux on x64 or arm64: this is ${process.platform} on ${process.arch}`,
    );
  }
  const { address, view } = koffi();
  libc = {
    syscall: foreign('long syscall(long n, int64_t address, int op, int value, void *timeout, int64_t address2, int value3)'),
    memfdCreate: foreign('int memfd_create(str name, uint flags)'),
    ftruncate: foreign('int ftruncate(int fd, int64_t length)'),
    mmap: foreign('void *mmap(void *address, size_t length, int protection, int flags, int fd, int64_t offset)'),
    prctl: foreign('int prctl(int option, ulong argument)'),
    errno,
    address: (pointer) => address(pointer as never),
    view: (pointer, bytes) => view(pointer as never, bytes) as ArrayBuffer,
  };
  return libc;
}

/** A stretch of memory that every process with `fd` can map. */
export interface Memory {
  readonly fd: number;
  readonly bytes: number;
  readonly buffer: ArrayBuffer;
  /** Where it lies in this process. */
  readonly address: number;
}

/** New memory, all zero; pages are taken when they are touched. The descriptor is close-on-exec. */
export function createMemory(bytes: number): Memory {
  const system = load();
  const fd = system.memfdCreate('manycore', MFD_CLOEXEC);
  if (fd < 0) {
    throw new StateError(
      'ERR_NO_SHARED_MEMORY',
      `memfd_create failed with errno ${system.errno()}: too many open files, or not permitted here`,
    );
  }
  if (system.ftruncate(fd, bytes) !== 0) {
    throw new StateError('ERR_NO_SHARED_MEMORY', `cannot make ${bytes} bytes of shared memory: errno ${system.errno()}`);
  }
  return mapMemory(fd, bytes);
}

export function mapMemory(fd: number, bytes: number): Memory {
  const system = load();
  const pointer = system.mmap(null, bytes, PROT_READ_WRITE, MAP_SHARED, fd, 0);
  const address = Number(system.address(pointer));
  if (address < 0 || address >= 2 ** 63) {
    throw new StateError('ERR_NO_SHARED_MEMORY', `cannot map ${bytes} bytes of descriptor ${fd}: errno ${system.errno()}`);
  }
  return { fd, bytes, buffer: system.view(pointer, bytes), address };
}

const timespec = new BigInt64Array(2);

/** Blocks this thread while the word at `address` holds `expected`. A signal ends the wait as a wake does. */
export function futexWait(address: number, expected: number, timeoutMs: number): 'woken' | 'changed' | 'timed-out' {
  const system = load();
  let timeout: BigInt64Array | null = null;
  if (timeoutMs !== Infinity) {
    timespec[0] = BigInt(Math.floor(timeoutMs / 1000));
    timespec[1] = BigInt(Math.floor((timeoutMs % 1000) * 1e6));
    timeout = timespec;
  }
  if (system.syscall(FUTEX, address, FUTEX_WAIT, expected, timeout, 0, 0) === 0) return 'woken';
  const errno = system.errno();
  if (errno === ETIMEDOUT) return 'timed-out';
  return errno === EAGAIN ? 'changed' : 'woken';
}

/** Wakes at most `count` threads that sleep on the word at `address`, in whichever process; says how many. */
export function futexWake(address: number, count: number): number {
  return load().syscall(FUTEX, address, FUTEX_WAKE, Math.min(count, 0x7fff_ffff), null, 0, 0);
}

/**
 * Has the system kill this process when the thread that started it ends; for one that its parent's main thread
 * started, that is when the parent ends, however it ends. `control` is a socket whose other end the parent has. Without effect
 * where the system can't.
 */
export function diesWithParent(control: number): void {
  if (!canShareMemory()) return;
  load().prctl(PR_SET_PDEATHSIG, SIGKILL);
  // It may have died before the system was told: then its end is closed.
  const [seen = 0] = pollDescriptors([{ fd: control, events: 0 }], 0);
  if ((seen & POLLHUP) !== 0) process.kill(process.pid, 'SIGKILL');
}
