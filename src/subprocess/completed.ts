import { inspect } from 'node:util';
import { type SignalName, signalName } from '../signal/names.ts';
import type { Command } from './command.ts';
import { CalledProcessError, type Output } from './errors.ts';
import { repr } from './repr.ts';

/** A command that has ended: what `run` gives. */
export class CompletedProcess<Out extends Output = Output, Err extends Output = Output> {
  /** The command, as it was given. */
  readonly args: Command;
  /** The exit code, or minus the number of the signal that ended it. */
  readonly returnCode: number;
  /** What was captured; `null` where nothing was. */
  readonly stdout: Out;
  /** What was captured of its errors; `null` where nothing was, also with `stderr: STDOUT`. */
  readonly stderr: Err;

  constructor(args: Command, returnCode: number, stdout: Out, stderr: Err) {
    this.args = args;
    this.returnCode = returnCode;
    this.stdout = stdout;
    this.stderr = stderr;
  }

  /** As a shell says it: 128 and the number of the signal for one that was killed. */
  get exitCode(): number {
    return this.returnCode < 0 ? 128 - this.returnCode : this.returnCode;
  }

  /** The signal that ended it; `null` when none did. */
  get signal(): SignalName | null {
    return this.returnCode < 0 ? signalName(-this.returnCode) : null;
  }

  /** Throws `CalledProcessError` unless the return code is 0. */
  checkReturnCode(): this {
    if (this.returnCode !== 0) throw new CalledProcessError(this.returnCode, this.args, this.stdout, this.stderr);
    return this;
  }

  /** As Python shows it: the command, its return code, and what was captured. */
  toString(): string {
    const outputs = (['stdout', 'stderr'] as const).flatMap((name) => (this[name] === null ? [] : `, ${name}=${inspect(this[name])}`));
    return `CompletedProcess(args=${repr(this.args)}, returnCode=${this.returnCode}${outputs.join('')})`;
  }
  [inspect.custom](): string {
    return this.toString();
  }
}
