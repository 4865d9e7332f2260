import { closeSync } from 'node:fs';
import { errno, foreign } from './library.ts';

const O_CLOEXEC = 0o2000000;
const O_NONBLOCK = 0o4000;
const F_GETFD = 1;
const F_GETFL = 3;
const F_SETFL = 4;
const F_DUPFD_CLOEXEC = 1030;
const F_SETPIPE_SZ = 1031;
const F_GETPIPE_SZ = 1032;

/** A pipe whose ends are closed in children: the end to read from and the end to write to; or an errno. */
export function makePipe(): [read: number, write: number] | number {
  const ends: [number, number] = [-1, -1];
  if (foreign('int pipe2(_Out_ int *ends, int flags)')(ends, O_CLOEXEC) !== 0) return errno();
  const lifted: [number, number] = [lift(ends[0]), lift(ends[1])];
  if (lifted.every((fd) => fd >= 0)) return lifted;
  const code = errno();
  for (const fd of lifted) if (fd >= 0) closeSync(fd);
  return code;
}

/**
 * The same above the first three, where a program that has closed one of those gets what it opens next: a child would take it for its
 * input or output. Negative when no descriptor is left: see errno.
 */
export function lift(fd: number): number {
  if (fd < 0 || fd > 2) return fd;
  const copy = duplicate(fd, 3);
  closeSync(fd);
  return copy;
}

export const isOpen = (fd: number): boolean => fcntl(fd, F_GETFD, 0) >= 0;

const fcntl = (fd: number, command: number, argument: number): number =>
  foreign('int fcntl(int fd, int command, int argument)')(fd, command, argument);

/** A second descriptor of the same file, at `least` or above, closed in children; negative when there is none: see errno. */
export const duplicate = (fd: number, least: number): number => fcntl(fd, F_DUPFD_CLOEXEC, least);

/** Asks for so much room in a pipe. The system may refuse, as it does above its limit for users; the pipe works all the same. */
export function setPipeSize(fd: number, bytes: number): boolean {
  return fcntl(fd, F_SETPIPE_SZ, bytes) >= 0;
}

/** As much as the system gives to everybody. */
export const WIDE_PIPE: number = 1 << 20;

export const pipeSize = (fd: number): number => fcntl(fd, F_GETPIPE_SZ, 0);

export function setBlocking(fd: number, blocking: boolean): void {
  const flags = fcntl(fd, F_GETFL, 0);
  fcntl(fd, F_SETFL, blocking ? flags & ~O_NONBLOCK : flags | O_NONBLOCK);
}
