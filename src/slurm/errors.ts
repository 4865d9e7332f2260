import { nameError } from '../base/errors.ts';

/** The root of what can go wrong with Slurm. `code` says what. */
export class SlurmError extends Error {
  readonly code: string;
  /** What can be done about it; empty when we don't know. */
  readonly hint: string;

  constructor(code: string, message: string, hint = '', options?: ErrorOptions) {
    super(hint === '' ? message : `${message}\n${hint}`, options);
    this.code = code;
    this.hint = hint;
  }
}
nameError(SlurmError, 'SlurmError');

/** A directive has a value that Slurm, or a line of a script, can't take. Nothing was submitted. */
export class DirectiveError extends SlurmError {
  constructor(message: string) {
    super('ERR_SLURM_DIRECTIVE', message);
  }
}
nameError(DirectiveError, 'DirectiveError');

/** There is no Slurm on this machine, or it is not set up. */
export class SlurmMissingError extends SlurmError {
  constructor(message: string, hint: string, options?: ErrorOptions) {
    super('ERR_SLURM_MISSING', message, hint, options);
  }
}
nameError(SlurmMissingError, 'SlurmMissingError');

/** A command of Slurm's has failed: what it was, and what it said. */
export class SlurmCommandError extends SlurmError {
  /** The command and its arguments, as they were run. */
  readonly command: readonly string[];
  /** What the command ended with; null when it did not end by itself. */
  readonly exitCode: number | null;
  /** What the command wrote to stderr. */
  readonly stderr: string;

  constructor(
    code: string,
    message: string,
    how: { readonly command: readonly string[]; readonly exitCode: number | null; readonly stderr: string },
    hint = '',
    options?: ErrorOptions,
  ) {
    super(code, message, hint, options);
    this.command = how.command;
    this.exitCode = how.exitCode;
    this.stderr = how.stderr;
  }
}
nameError(SlurmCommandError, 'SlurmCommandError');

/** The controller does not answer. Jobs that run go on meanwhile; the call can be made again. */
export class ControllerError extends SlurmCommandError {}
nameError(ControllerError, 'ControllerError');

/** Slurm refuses a job: no such partition, more than there is, not allowed. */
export class SubmitError extends SlurmCommandError {}
nameError(SubmitError, 'SubmitError');

/** Slurm knows no job of this number, or no longer. */
export class NoSuchJobError extends SlurmCommandError {}
nameError(NoSuchJobError, 'NoSuchJobError');
