import { nameError } from '../base/errors.ts';
import { nameOrNumber } from '../signal/names.ts';
import type { Command } from './command.ts';
import { repr } from './repr.ts';

/** What was captured: bytes, or text where that was asked for; `null` where nothing was. */
export type Output = Buffer | string | null;

const TAIL_BYTES = 8192;
const TAIL_LINES = 20;

/** The root of the errors of commands that were run. */
export class SubprocessError extends Error {
  readonly code: string = 'ERR_SUBPROCESS';
  /** The command, as it was given. */
  readonly cmd: Command;

  constructor(message: string, cmd: Command, options?: ErrorOptions) {
    super(message, options);
    this.cmd = cmd;
  }
}
nameError(SubprocessError, 'SubprocessError');

/** A command ended with another code than 0, or by a signal. The message ends with the last lines of stderr, if it was captured. */
export class CalledProcessError extends SubprocessError {
  override readonly code: string = 'ERR_CALLED_PROCESS';
  /** The exit code, or minus the number of the signal. */
  readonly returnCode: number;
  /** What was captured of its output; `null` when nothing was. */
  readonly stdout: Output;
  /** What was captured of its errors; `null` when nothing was. */
  readonly stderr: Output;

  constructor(returnCode: number, cmd: Command, stdout: Output = null, stderr: Output = null) {
    super(`Command ${commandText(cmd)} ${howItEnded(returnCode)}${tailOf(stderr)}`, cmd);
    this.returnCode = returnCode;
    this.stdout = stdout;
    this.stderr = stderr;
  }
  /** The same as `stdout`: Python has both names. */
  get output(): Output {
    return this.stdout;
  }
}
nameError(CalledProcessError, 'CalledProcessError');

/** A command did not end in time. `run` has ended it, `wait` and `communicate` have not. */
export class TimeoutExpired extends SubprocessError {
  override readonly code: string = 'ERR_TIMED_OUT';
  /** Milliseconds. */
  readonly timeout: number;
  /** What it had written so far. */
  readonly stdout: Output;
  /** What it had written to stderr so far; `null` when that was not captured. */
  readonly stderr: Output;

  constructor(cmd: Command, timeout: number, stdout: Output = null, stderr: Output = null) {
    super(`Command ${commandText(cmd)} timed out after ${timeout} milliseconds${tailOf(stderr)}`, cmd);
    this.timeout = timeout;
    this.stdout = stdout;
    this.stderr = stderr;
  }
  /** The same as `stdout`: Python has both names. */
  get output(): Output {
    return this.stdout;
  }
}
nameError(TimeoutExpired, 'TimeoutExpired');

/** A command wrote more than `maxBuffer` allows, and was ended. What was kept is here. */
export class MaxBufferExceeded extends SubprocessError {
  override readonly code: string = 'ERR_MAX_BUFFER';
  /** The limit, in bytes, of stdout and of stderr. */
  readonly maxBuffer: number;
  /** What was kept of its output, no more than the limit; `null` when it was not captured. */
  readonly stdout: Output;
  /** What was kept of its errors, no more than the limit; `null` when they were not captured. */
  readonly stderr: Output;

  constructor(cmd: Command, maxBuffer: number, stdout: Output, stderr: Output) {
    super(
      `Command ${commandText(cmd)} wrote more than maxBuffer, ${maxBuffer} bytes: so many were kept, and it was ended${tailOf(stderr)}`,
      cmd,
    );
    this.maxBuffer = maxBuffer;
    this.stdout = stdout;
    this.stderr = stderr;
  }
}
nameError(MaxBufferExceeded, 'MaxBufferExceeded');

/** The output is longer than a string can be. It is here as bytes. */
export class TextTooLongError extends SubprocessError {
  override readonly code: string = 'ERR_TEXT_TOO_LONG';
  /** The whole of it. */
  readonly bytes: Buffer;

  constructor(cmd: Command, bytes: Buffer) {
    super(
      `the output of command ${commandText(cmd)} has ${bytes.length} bytes, more than a string can hold: leave out \`text\` and \`encoding\`, or read it line by line`,
      cmd,
    );
    this.bytes = bytes;
  }
}
nameError(TextTooLongError, 'TextTooLongError');

/** A command could not be started: no such program, not executable, no such directory, too many open files. */
export class ProcessStartError extends SubprocessError {
  /** The name of the system's error: `ENOENT`. */
  override readonly code: string;
  /** The file or directory that it is about. */
  readonly path: string;

  constructor(message: string, cmd: Command, code: string, path: string, options?: ErrorOptions) {
    super(message, cmd, options);
    this.code = code;
    this.path = path;
  }
}
nameError(ProcessStartError, 'ProcessStartError');

const commandText = (cmd: Command): string => `'${repr(cmd).replace(/^'(.*)'$/s, '$1')}'`;

function howItEnded(returnCode: number): string {
  if (returnCode >= 0) return `returned non-zero exit status ${returnCode}.`;
  const name = nameOrNumber(-returnCode);
  return `died with ${name}.`;
}

/** The last lines of what a command has complained about. */
function tailOf(stderr: Output): string {
  if (stderr === null || stderr.length === 0) return '';
  const end = typeof stderr === 'string' ? stderr.slice(-TAIL_BYTES) : stderr.subarray(-TAIL_BYTES).toString();
  return `\n--- stderr\n${end.trimEnd().split('\n').slice(-TAIL_LINES).join('\n')}`;
}
