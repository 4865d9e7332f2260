import { randomUUID } from 'node:crypto';
import { type Broadcast, joinBroadcast } from '../../host/thread/broadcast.ts';
import type { JobInfo } from './info.ts';

/*
 * The threads of a process look for one another: who asks Slurm asks for the jobs of all, and tells all what it has seen. So there is one call
 * for the jobs of all threads and executors, whoever makes it, and nobody waits for a thread that computes, is blocked, or has ended.
 *
 * What a thread has not said again for a minute is forgotten.
 */
/** What a look has shown of the jobs with these numbers; it began at `at`, in milliseconds on a clock that all threads share. */
export interface Seen {
  readonly ids: readonly string[];
  readonly rows: readonly JobInfo[];
  readonly at: number;
}
type Message = { readonly from: string; readonly watches: readonly string[] } | Seen;

const FORGOTTEN_MS = 60_000;

export const clock = (): number => Number(process.hrtime.bigint() / 1000n) / 1000;

/** This thread. */
const self = randomUUID();
const theirs = new Map<string, { readonly ids: readonly string[]; readonly until: number }>();
let channel: Broadcast<Message> | null = null;
let last = '';

/** Hears what other threads see from now on. */
export function listen(hear: (seen: Seen) => void): void {
  if (channel !== null) return;
  // Threads that speak with another cluster are not meant.
  channel = joinBroadcast<Message>(`manycore-slurm-jobs:${process.env['SLURM_CONF'] ?? ''}`, (message) => {
    if ('watches' in message) theirs.set(message.from, { ids: message.watches, until: clock() + FORGOTTEN_MS });
    else hear(message);
  });
}

/** Tells the other threads which jobs this one watches. */
export function announce(ids: readonly string[]): void {
  const text = ids.join();
  // Nothing to say, and nobody thinks otherwise.
  if (text === '' && last === '') return;
  last = text;
  channel?.send({ from: self, watches: ids });
}

export function tellSeen(seen: Seen): void {
  channel?.send(seen);
}

/** The jobs that other threads watch. */
export function watchedByOthers(): string[] {
  const now = clock();
  for (const [from, { until }] of theirs) if (until < now) theirs.delete(from);
  return [...theirs.values()].flatMap(({ ids }) => ids);
}
