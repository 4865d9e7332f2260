import { closeSync, constants, fstatSync, ftruncateSync, openSync, unlinkSync } from 'node:fs';
import { errno, foreign, koffi } from './library.ts';

/*
 * Shared memory with a name: a file in /dev/shm, as shm_open(3) has it, mapped.
 */
export const SHARED_FILES = '/dev/shm';

export interface SharedFile {
  readonly fd: number;
  readonly inode: number;
  readonly bytes: number;
  readonly buffer: ArrayBuffer;
  readonly address: unknown;
}

const PROT_READ_WRITE = 3;
const MAP_SHARED = 1;
const MAP_PRIVATE_ANONYMOUS_FIXED = 0x02 | 0x10 | 0x20;
const MAP_FAILED = 2n ** 64n - 1n;

const mmap = (address: unknown, bytes: number, flags: number, fd: number): unknown =>
  foreign('void *mmap(void *address, size_t length, int protection, int flags, int fd, int64_t offset)')(
    address,
    bytes,
    PROT_READ_WRITE,
    flags,
    fd,
    0,
  );
const munmap = (address: unknown, bytes: number): void => void foreign('int munmap(void *address, size_t length)')(address, bytes);

/** Maps the file of this name. An errno's name when the system refuses: `ENOENT`, `EEXIST`, `ENOSPC`. */
export function openSharedFile(name: string, create: { readonly size: number } | null): SharedFile | { readonly code: string } {
  const path = `${SHARED_FILES}/${name}`;
  let fd: number;
  try {
    fd = openSync(path, constants.O_RDWR | constants.O_NOFOLLOW | (create === null ? 0 : constants.O_CREAT | constants.O_EXCL), 0o600);
  } catch (error) {
    return { code: (error as NodeJS.ErrnoException).code! };
  }
  const failed = (code: string): { readonly code: string } => {
    closeSync(fd);
    if (create !== null) unlinkSync(path);
    return { code };
  };
  try {
    if (create !== null) {
      // Taken now: memory that is not to be had would kill whoever touches it later.
      const full = foreign('int posix_fallocate(int fd, int64_t offset, int64_t bytes)')(fd, 0, create.size);
      if (full !== 0) return failed(full === 28 || full === 12 || full === 27 ? 'ENOSPC' : `errno ${full}`);
      ftruncateSync(fd, create.size);
    }
    const { size, ino } = fstatSync(fd);
    if (size === 0) return failed('EMPTY');
    const address = mmap(null, size, MAP_SHARED, fd);
    if (koffi().address(address as never) === MAP_FAILED) return failed(`errno ${errno()}`);
    return { fd, inode: ino, bytes: size, buffer: koffi().view(address as never, size) as ArrayBuffer, address };
  } catch (error) {
    return failed((error as NodeJS.ErrnoException).code ?? String(error));
  }
}

const forgotten = new FinalizationRegistry<{ readonly address: unknown; readonly bytes: number }>(({ address, bytes }) =>
  munmap(address, bytes),
);

/**
 * Lets go of the memory. Views of it are empty afterwards; on Node 20, where they can't be taken away, they become zeros that nobody shares: a view
 * of memory that is no longer mapped would end the process.
 */
export function closeSharedFile({ fd, bytes, buffer, address }: SharedFile): void {
  closeSync(fd);
  const { transfer } = buffer as { transfer?: (bytes: number) => unknown };
  if (transfer !== undefined) {
    transfer.call(buffer, 0);
    munmap(address, bytes);
    return;
  }
  mmap(address, bytes, MAP_PRIVATE_ANONYMOUS_FIXED, -1);
  forgotten.register(buffer, { address, bytes });
}

/** Whether its name is gone: nobody else can open it any more. */
export const isUnlinked = ({ fd }: SharedFile): boolean => fstatSync(fd).nlink === 0;

/** Takes the name away, if it is still that of this file. */
export function unlinkSharedFile(name: string): void {
  unlinkSync(`${SHARED_FILES}/${name}`);
}
