import { nameError, StateError } from '../../base/errors.ts';

/** Driver and node can't speak with each other, or can no longer. `code` says why. */
export class ChannelError extends StateError {
  constructor(code: ChannelErrorCode, message: string, options?: ErrorOptions) {
    super(code, message, options);
  }
}
nameError(ChannelError, 'ChannelError');

export type ChannelErrorCode =
  /** Nobody listens there: the driver has ended. */
  | 'ERR_CHANNEL_REFUSED'
  /** There is no way from here to there. */
  | 'ERR_CHANNEL_NO_ROUTE'
  /** The other end does not know the secret. */
  | 'ERR_CHANNEL_SECRET'
  | 'ERR_CHANNEL_SILENT'
  | 'ERR_CHANNEL_BROKEN'
  | 'ERR_CHANNEL_CLOSED'
  | 'ERR_CHANNEL_NONSENSE';
