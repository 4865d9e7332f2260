import { nameError, StateError } from '../../base/errors.ts';

/** A task of the step has ended, or has left: nothing that all tasks do together can be done any more. */
export class RankLostError extends StateError {
  /** Which task; `null` when the connection to the first one is lost, and nobody says who it was. */
  readonly rank: number | null;
  /** The node that the task ran on. */
  readonly node: string;
  constructor(message: string, rank: number | null, node: string, options?: ErrorOptions) {
    super('ERR_RANK_LOST', message, options);
    this.rank = rank;
    this.node = node;
  }
}
nameError(RankLostError, 'RankLostError');
