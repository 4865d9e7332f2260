import { nameError } from '../../base/errors.ts';

/** The manager's process has ended, or can't be reached any more: what it had is gone, and nobody answers. */
export class ManagerGoneError extends Error {
  readonly code: string = 'ERR_MANAGER_GONE';
}
nameError(ManagerGoneError, 'ManagerGoneError');
