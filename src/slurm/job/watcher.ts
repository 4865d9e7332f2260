import { outsideScopes } from '../../base/ambient.ts';
import { budget } from '../budget.ts';
import { squeue } from '../commands/squeue.ts';
import { ControllerError } from '../errors.ts';
import type { JobInfo } from './info.ts';

/** A job that is watched. */
export interface Watched {
  readonly id: string;
  /** Told what one look has shown: its rows, none if Slurm does not know the job. False: it need not be looked at any more. */
  seen(rows: readonly JobInfo[]): boolean;
  /** The look failed for good. */
  failed(error: unknown): void;
}

/*
 * One watcher for all jobs of this thread: a look is one squeue, whatever their number. Looks come quickly after a job was added, then ever
 * more seldom, and never more often than the budget allows. While the controller is away they go on, more seldom still: jobs go on too.
 */
const FIRST_MS = 100;
const LONGEST_MS = 30_000;
const GROWTH = 1.5;
/** squeue is told the jobs by their numbers: more do not fit into a command well. */
const CHUNK = 2000;

const watched = new Set<Watched>();
let timer: NodeJS.Timeout | null = null;
let isLooking = false;
let pause = FIRST_MS;

export function watch(job: Watched): void {
  watched.add(job);
  pause = FIRST_MS;
  plan();
}

export function unwatch(job: Watched): void {
  watched.delete(job);
  if (watched.size > 0 || timer === null) return;
  clearTimeout(timer);
  timer = null;
}

function plan(): void {
  if (isLooking || watched.size === 0) return;
  if (timer !== null) clearTimeout(timer);
  // A little at random: programs that were started together do not ask together.
  const delay = Math.max(pause * (0.9 + Math.random() * 0.2), budget.delay());
  timer = setTimeout(() => void outsideScopes(look), Math.min(delay, 2 ** 31 - 1));
}

async function look(): Promise<void> {
  timer = null;
  isLooking = true;
  pause = Math.min(pause * GROWTH, LONGEST_MS);
  const jobs = [...watched];
  for (let at = 0; at < jobs.length; at += CHUNK) await lookAt(jobs.slice(at, at + CHUNK));
  isLooking = false;
  plan();
}

async function lookAt(jobs: readonly Watched[]): Promise<void> {
  try {
    const rows = await squeue({ jobs: [...new Set(jobs.map(({ id }) => id))], states: 'all' });
    const byId = new Map<string, JobInfo[]>();
    const add = (id: string, row: JobInfo): void => {
      const list = byId.get(id);
      if (list === undefined) byId.set(id, [row]);
      else list.push(row);
    };
    for (const row of rows) {
      add(row.id, row);
      // Both a whole array and one element of it may be watched; an element that has not begun has no row of its own.
      if (row.array === null) continue;
      if (row.array !== row.id) add(row.array, row);
      for (const element of row.elements) if (`${row.array}_${element}` !== row.id) add(`${row.array}_${element}`, row);
    }
    for (const job of jobs) if (watched.has(job) && !job.seen(byId.get(job.id) ?? [])) unwatch(job);
  } catch (error) {
    if (error instanceof ControllerError) {
      pause = Math.min(pause * 2, LONGEST_MS);
      return;
    }
    for (const job of jobs) {
      unwatch(job);
      job.failed(error);
    }
  }
}
