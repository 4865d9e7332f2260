import { nameError, StateError } from '../../base/errors.ts';

/**
 * Driver and node can't speak with each other, or can no longer. `code` says why:
 *
 * `ERR_CHANNEL_REFUSED` nobody listens there, the driver has ended · `ERR_CHANNEL_NO_ROUTE` there is no way from here to there ·
 * `ERR_CHANNEL_SECRET` the other end does not know the secret · `ERR_CHANNEL_SILENT` it has said nothing for too long ·
 * `ERR_CHANNEL_BROKEN`, `ERR_CHANNEL_CLOSED` the connection has ended · `ERR_CHANNEL_NONSENSE` it has sent what is no record
 */
export class ChannelError extends StateError {}
nameError(ChannelError, 'ChannelError');
