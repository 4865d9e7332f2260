export type { ScheduledEvent } from './scheduled-event.ts';
export { type RemoteScheduler, type RunOptions, Scheduler, type SchedulerOptions } from './scheduler.ts';
