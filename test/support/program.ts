import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { LONG } from './patience.ts';

/** The package's modules, by the names in which a test's program imports them. */
const build = new URL('../../src/', import.meta.url);

export interface Ended {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface ProgramOptions {
  /** Flags for Node. */
  readonly flags?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Milliseconds after which it is killed; `LONG` when left out. */
  readonly limit?: number;
  /** A program before `node` itself, with its arguments: `nohup`. */
  readonly under?: readonly string[];
}

/** A program of its own, in a Node of its own: for what a test can't do to itself. */
export class Program {
  readonly child: ChildProcessWithoutNullStreams;
  readonly ended: Promise<Ended>;
  stdout = '';
  stderr = '';
  #awaited: (() => void)[] = [];

  /** `source` is a module; it imports ours as `manycore/signal`, and single files as `manycore/system/pidfd`. */
  constructor(source: string, { flags = [], env = {}, under = [], limit: limitMs = LONG }: ProgramOptions = {}) {
    const place = (_: string, name: string): string =>
      JSON.stringify(new URL(name.includes('/') ? `${name}.js` : `${name}/index.js`, build).href);
    const text = source.replace(/'manycore\/([\w/-]+)'/g, place);
    const command = [...under, process.execPath, ...flags, '--input-type=module', '-e', text];
    this.child = spawn(command[0]!, command.slice(1), { env: { ...process.env, ...env } });
    const hear = (what: 'stdout' | 'stderr') => (chunk: string) => {
      this[what] += chunk;
      for (const look of this.#awaited) look();
    };
    this.child.stdout.setEncoding('utf8').on('data', hear('stdout'));
    this.child.stderr.setEncoding('utf8').on('data', hear('stderr'));
    const limit = setTimeout(() => this.child.kill('SIGKILL'), limitMs);
    this.ended = new Promise((resolve) => {
      this.child.once('close', (code, signal) => {
        clearTimeout(limit);
        resolve({ stdout: this.stdout, stderr: this.stderr, code, signal });
        for (const look of this.#awaited) look();
      });
    });
  }

  /** Waits until it has printed this text. */
  printed(text: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const look = (): void => {
        if (this.stdout.includes(text)) resolve();
        else if (this.child.exitCode !== null || this.child.signalCode !== null)
          reject(new Error(`it ended without printing ${JSON.stringify(text)}:\n${this.stdout}${this.stderr}`));
        else return;
        this.#awaited = this.#awaited.filter((other) => other !== look);
      };
      this.#awaited.push(look);
      look();
    });
  }
}

/** Runs a program to its end. */
export const runProgram = (source: string, options?: ProgramOptions): Promise<Ended> => new Program(source, options).ended;
