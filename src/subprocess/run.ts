import { ambient } from '../base/ambient.ts';
import type { Wait } from '../base/deadline.ts';
import { deadlineAfter } from '../base/deadline.ts';
import { OutOfRangeError } from '../base/errors.ts';
import { checkInput, checkKinds } from './check.ts';
import type { Command } from './command.ts';
import { CompletedProcess } from './completed.ts';
import { PIPE } from './constants.ts';
import { CalledProcessError, MaxBufferExceeded, type Output } from './errors.ts';
import { LAST_WORDS_MS, withLastWords } from './last-words.ts';
import type { Input, KillOptions, PopenOptions } from './options.ts';
import { type OutputOf, Popen, TREE } from './popen.ts';

/** How `run` runs a command. */
export interface RunOptions extends PopenOptions, Wait {
  /** What it reads on stdin. */
  readonly input?: Input | null | undefined;
  /** The same as `PIPE` for stdout and stderr. */
  readonly captureOutput?: boolean | undefined;
  /** Throws `CalledProcessError` unless the return code is 0. */
  readonly check?: boolean | undefined;
  /** Bytes of stdout, and of stderr, that are kept; more is a `MaxBufferExceeded`, and the command is ended. No limit when left out. */
  readonly maxBuffer?: number | undefined;
  /** How it is ended when its time is up, or it is cancelled. */
  readonly kill?: KillOptions | undefined;
  /** Milliseconds to wait, after it has ended, for descendants that hold its output open. For ever when left out. */
  readonly drain?: number | undefined;
}

type PipeLike = typeof PIPE;
/** Nothing is captured. */
export interface NoOptions {
  readonly stdout?: undefined;
  readonly stderr?: undefined;
}
/** What `run` gives for one of the outputs with these options. */
export type CapturedOf<O, Name extends 'stdout' | 'stderr'> = O extends { readonly captureOutput: true }
  ? OutputOf<O>
  : O extends { readonly pty: true | object }
    ? Name extends 'stdout'
      ? OutputOf<O>
      : null
    : O extends { readonly [K in Name]: PipeLike }
      ? OutputOf<O>
      : O extends { readonly [K in Name]?: null | undefined }
        ? null
        : O extends { readonly [K in Name]: readonly (infer E)[] }
          ? PipeLike extends E
            ? OutputOf<O>
            : null
          : O extends { readonly [K in Name]: unknown }
            ? OutputOf<O> | null
            : null;

/** What is for `Popen`, and what for `run` itself. */
export function split(options: RunOptions): { readonly popen: PopenOptions; readonly own: Required<RunOwn> } {
  checkKinds(options, 'running a command');
  checkInput(options.input);
  const { input, captureOutput = false, check = false, maxBuffer, kill = {}, drain, timeout, signal, ...rest } = options;
  if (input !== undefined && rest.stdin !== undefined && rest.stdin !== null)
    throw new TypeError('stdin and input may not both be given: input makes a pipe of its own');
  if (captureOutput && (rest.stdout !== undefined || rest.stderr !== undefined))
    throw new TypeError('stdout and stderr may not be given together with captureOutput');
  if (maxBuffer !== undefined && !(maxBuffer >= 0))
    throw new OutOfRangeError('ERR_MAX_BUFFER', `maxBuffer is a number of bytes: got ${maxBuffer}`);
  const popen = {
    ...rest,
    ...(captureOutput ? { stdout: PIPE, stderr: PIPE } : {}),
    ...(input === undefined ? {} : { stdin: PIPE }),
  } as PopenOptions;
  return { popen, own: { input: input ?? null, check, maxBuffer, kill, drain, timeout, signal } };
}

export interface RunOwn extends Wait {
  readonly input?: Input | null;
  readonly check?: boolean;
  readonly maxBuffer?: number | undefined;
  readonly kill?: KillOptions;
  readonly drain?: number | undefined;
}

/**
 * Runs a command, and resolves when it has ended: Python's `subprocess.run`. What it prints goes where this program's output goes,
 * unless `stdout`, `stderr` or `captureOutput` say otherwise.
 *
 * When `timeout` milliseconds have passed, or `signal` is aborted, it is ended with all its descendants, gently first (`kill`), and the call
 * rejects with `TimeoutExpired` or the signal's reason. Rejects with `ProcessStartError` when it can't be started. Any thread may call it.
 */
export async function run<const O extends RunOptions = NoOptions>(
  command: Command,
  options: O = {} as O,
): Promise<CompletedProcess<CapturedOf<O, 'stdout'>, CapturedOf<O, 'stderr'>>> {
  const { popen, own } = split(options);
  deadlineAfter(own.timeout);
  own.signal?.throwIfAborted();
  const child = new Popen(command, { ...popen, ...(mayBeEnded(own) ? { [TREE]: true } : {}) });
  let output: { readonly stdout: Output; readonly stderr: Output };
  try {
    output = await child.communicate(own.input, own);
  } catch (error) {
    throw await ended(child, error, own);
  }
  const result = new CompletedProcess(command, child.poll()!, output.stdout, output.stderr);
  if (own.check) result.checkReturnCode();
  return result as CompletedProcess<CapturedOf<O, 'stdout'>, CapturedOf<O, 'stderr'>>;
}

const mayBeEnded = ({ timeout, signal, maxBuffer }: RunOwn): boolean =>
  (timeout !== undefined && timeout !== null && timeout !== Infinity) ||
  signal !== undefined ||
  maxBuffer !== undefined ||
  (ambient.scope?.() ?? null) !== null;

/** Ends a command whose run was given up, for whatever reason; gives the error, with all that it has written. */
async function ended(child: Popen, error: unknown, { kill, timeout }: RunOwn): Promise<unknown> {
  const isTooLong = error instanceof MaxBufferExceeded;
  await child.end(isTooLong ? { ...kill, signal: 'SIGKILL' } : kill);
  // What it has written is in the pipes; a descendant that got away may hold them open for ever.
  await child.finish(LAST_WORDS_MS);
  return withLastWords(error, child, timeout);
}

/** Runs a command and gives its return code. */
export async function call(command: Command, options: RunOptions = {}): Promise<number> {
  return (await run(command, options)).returnCode;
}

/** Runs a command; rejects with `CalledProcessError` unless it ends with 0. */
export async function checkCall(command: Command, options: RunOptions = {}): Promise<0> {
  const code = await call(command, options);
  if (code !== 0) throw new CalledProcessError(code, command);
  return 0;
}

export type CheckOutputOptions = Omit<RunOptions, 'stdout' | 'check' | 'captureOutput'>;

/** Runs a command and gives what it prints on stdout; rejects with `CalledProcessError` unless it ends with 0. */
export async function checkOutput<const O extends CheckOutputOptions = NoOptions>(
  command: Command,
  options: O = {} as O,
): Promise<OutputOf<O>> {
  refuseStdout(options);
  return (await run(command, { ...(options as RunOptions), stdout: PIPE, check: true })).stdout as OutputOf<O>;
}

export function refuseStdout(options: object): void {
  for (const name of ['stdout', 'check', 'captureOutput']) {
    if (name in options) throw new TypeError(`checkOutput takes no ${name}: it captures stdout, and checks`);
  }
}
