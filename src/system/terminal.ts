import { closeSync } from 'node:fs';
import { errno, foreign } from './library.ts';

const O_RDWR = 2;
const O_NOCTTY = 0o400;
const O_CLOEXEC = 0o2000000;
const TIOCSWINSZ = 0x5414;
const PATH_BYTES = 128;

/** How many characters a terminal shows. */
export interface TerminalSize {
  /** Characters in a line. */
  readonly columns: number;
  /** Lines on the screen. */
  readonly rows: number;
}

/** A pseudo-terminal: our end of it, and the name of the one that a program opens; or an errno. */
export function openTerminal({ columns, rows }: TerminalSize): { readonly fd: number; readonly path: Buffer } | number {
  const fd = foreign('int posix_openpt(int flags)')(O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (fd < 0) return errno();
  const name = Buffer.alloc(PATH_BYTES);
  const isReady = foreign('int grantpt(int fd)')(fd) === 0 && foreign('int unlockpt(int fd)')(fd) === 0;
  if (!isReady || foreign('int ptsname_r(int fd, void *name, size_t bytes)')(fd, name, PATH_BYTES) !== 0) {
    const code = errno();
    closeSync(fd);
    return code;
  }
  resizeTerminal(fd, { columns, rows });
  return { fd, path: name.subarray(0, name.indexOf(0)) };
}

/** Programs in the terminal are told by SIGWINCH. */
export function resizeTerminal(fd: number, { columns, rows }: TerminalSize): boolean {
  const size = Buffer.alloc(8);
  size.writeUInt16LE(rows, 0);
  size.writeUInt16LE(columns, 2);
  return foreign('int ioctl(int fd, ulong request, void *size)')(fd, TIOCSWINSZ, size) === 0;
}
