import type { StartMethod } from './start-method.ts';
import { who } from './who.ts';

/** What a child is told before it runs anything. */
export interface Setup {
  readonly name: string;
  /** The numbers of the process and of those above it, as names of its own children begin: `2:1`. */
  readonly lineage: string;
  readonly daemon: boolean;
  /** Who started it. */
  readonly parent: { readonly pid: number; readonly name: string };
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly argv: readonly string[];
  /** Shared by a program and all its processes: proves to a listener that a peer belongs to it. In hexadecimal digits. */
  readonly authKey: string;
  /** Whether the death of the thread that started it is the death of its parent. */
  readonly startedByMainThread: boolean;
  /** How it starts processes of its own; `null`: nobody has chosen. */
  readonly startMethod: StartMethod | null;
  /** How the module's own log is set up; `null`: nobody has asked for it. */
  readonly log: LogSetup | null;
}

export interface LogSetup {
  readonly level: number;
  readonly isOnStderr: boolean;
}

/** Who this process is, in all its threads; in the program's first process, nobody's child. */
export const here: {
  readonly setup: Setup | null;
  /** How the log of `multiprocessing` is set up; known to that module. */
  log: () => LogSetup | null;
} = {
  get setup() {
    return who().setup;
  },
  log: () => null,
};
