/*
 *   PENDING      waits for its turn              CONFIGURING  its nodes are booting
 *   RUNNING      runs                            COMPLETING   has ended, and is being cleaned up
 *   SUSPENDED, STOPPED   held in mid-run         REQUEUED, REQUEUE_HOLD, REQUEUE_FED, SPECIAL_EXIT   goes back to PENDING
 *
 *   COMPLETED, FAILED, TIMEOUT, OUT_OF_MEMORY, NODE_FAIL, PREEMPTED, CANCELLED, BOOT_FAIL, DEADLINE, REVOKED: the end
 *   UNKNOWN      nobody knows: Slurm has forgotten it, or gave its number to another job
 */
/** What a job is doing, in Slurm's words. */
export type JobState =
  | 'PENDING'
  | 'CONFIGURING'
  | 'RUNNING'
  | 'SUSPENDED'
  | 'STOPPED'
  | 'COMPLETING'
  | 'RESIZING'
  | 'SIGNALING'
  | 'STAGE_OUT'
  | 'REQUEUED'
  | 'REQUEUE_HOLD'
  | 'REQUEUE_FED'
  | 'SPECIAL_EXIT'
  | 'RESV_DEL_HOLD'
  | EndState
  | 'UNKNOWN';

/** A state in which a job has ended. */
export type EndState =
  | 'COMPLETED'
  | 'FAILED'
  | 'TIMEOUT'
  | 'OUT_OF_MEMORY'
  | 'NODE_FAIL'
  | 'PREEMPTED'
  | 'CANCELLED'
  | 'BOOT_FAIL'
  | 'DEADLINE'
  | 'REVOKED';

const ENDS: ReadonlySet<string> = new Set<EndState>([
  'COMPLETED',
  'FAILED',
  'TIMEOUT',
  'OUT_OF_MEMORY',
  'NODE_FAIL',
  'PREEMPTED',
  'CANCELLED',
  'BOOT_FAIL',
  'DEADLINE',
  'REVOKED',
]);

export const isEnd = (state: JobState): state is EndState => ENDS.has(state);

/** sacct adds who cancelled: "CANCELLED by 1000", and flags stand behind a plus sign: "CANCELLED+". */
export function stateOf(text: string): JobState {
  return (/^[A-Z_]+/.exec(text)?.[0] ?? 'UNKNOWN') as JobState;
}

/** Waits for its turn, or runs, as against an end. */
export const isWaiting = (state: JobState): boolean => /^(PENDING|REQUEUE|SPECIAL_EXIT|RESV_DEL_HOLD)/.test(state);
