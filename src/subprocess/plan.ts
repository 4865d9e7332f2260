import type { Readable, Writable } from 'node:stream';
import type { TerminalSize } from '../system/terminal.ts';
import type { Terminal } from './terminal.ts';
import type { Credentials } from '../system/credentials.ts';
import type { Command, Environment, Invocation } from './command.ts';

/** What one of the child's first three descriptors becomes. */
export type Placement =
  | { readonly is: 'descriptor'; readonly fd: number }
  | { readonly is: 'pipe' }
  /** For stderr: as stdout. */
  | { readonly is: 'stdout' };

/** All that is needed to start a command, checked. */
export interface StartPlan {
  readonly command: Command;
  readonly invocation: Invocation;
  /** `null`: that of this process, and `added`. */
  readonly env: Environment | null;
  readonly added: Environment;
  readonly cwd: Buffer | null;
  readonly stdio: readonly [Placement, Placement, Placement];
  /** A terminal of its own in place of the three. */
  readonly terminal: TerminalSize | null;
  readonly closeFds: boolean;
  readonly passFds: readonly number[];
  readonly restoreSignals: boolean;
  readonly newSession: boolean;
  readonly group: number | null;
  readonly credentials: Credentials | null;
  readonly umask: number | null;
  readonly pipesize: number | null;
}

/** A command that runs, as its starter has it. */
export interface Child {
  readonly pid: number;
  /** Our end of its terminal, to change its size. */
  readonly terminal: Terminal | null;
  /** Our ends of its pipes. */
  readonly stdin: number | Writable | null;
  readonly stdout: number | Readable | null;
  readonly stderr: number | Readable | null;
  /** Its exit code or minus the number of its signal; `null` while it runs. Never blocks. */
  poll(): number | null;
  /** Blocks until it has ended, at most so many milliseconds. */
  waitSync(ms: number): number | null;
  /** Called once it has ended; in the next turn of the loop, if it has already. */
  onExit(call: (returnCode: number) => void): void;
  /** Sends a signal, unless it has ended. */
  signal(number: number): void;
  /** Whether it keeps this thread's event loop alive. */
  ref(on: boolean): void;
  /** Something to poll that is readable when it has ended; `null` where there is none. */
  readonly pidfd: number | null;
}
