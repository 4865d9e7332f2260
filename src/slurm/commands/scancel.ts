import { userInfo } from 'node:os';
import type { Wait } from '../../base/deadline.ts';
import { DirectiveError } from '../errors.ts';
import { callChecked } from './call.ts';
import { idOf, type JobLike, listOf, value } from './words.ts';

/** Which jobs `scancel` cancels, and by which signal. */
export interface CancelOptions extends Wait {
  /** Sent instead of ending the job. */
  readonly send?: NodeJS.Signals | number | undefined;
  /** The signal goes to the script's shell alone. */
  readonly batchOnly?: boolean | undefined;
  /** Instead of numbers: all jobs of this name. */
  readonly name?: string | undefined;
  /** Instead of numbers: all jobs of this user; `me`: who runs this. */
  readonly user?: string | undefined;
}

/**
 * Cancels jobs, or elements of arrays, in one call; with `send` they get a signal and go on. Jobs that have ended or that nobody knows are no
 * error. Resolves when the controller has taken it down: a running job then has `KillWait` seconds to end.
 */
export async function scancel(
  jobs: JobLike | readonly JobLike[],
  { send, batchOnly = false, name, user, ...wait }: CancelOptions = {},
): Promise<void> {
  const ids = listOf(jobs).map(idOf);
  if (ids.length === 0 && name === undefined && user === undefined) return;
  const words = ['scancel', '--quiet'];
  if (send !== undefined) {
    if (!/^(SIG)?[A-Z0-9]+$/.test(String(send))) throw new DirectiveError(`${String(send)} is no signal`);
    words.push(`--signal=${String(send).replace(/^SIG/, '')}`);
  }
  if (batchOnly) words.push('--batch');
  if (name !== undefined) words.push(`--name=${value('name', name)}`);
  if (user !== undefined) words.push(`--user=${value('user', user === 'me' ? userInfo().username : user)}`);
  await callChecked([...words, ...ids], wait);
}
