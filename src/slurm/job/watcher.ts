import { outsideScopes } from '../../base/ambient.ts';
import { budget } from '../budget.ts';
import { squeue } from '../commands/squeue.ts';
import { ControllerError } from '../errors.ts';
import type { JobInfo } from './info.ts';
import { announce, clock, listen, type Seen, tellSeen, watchedByOthers } from './others.ts';

/** A job that is watched. */
export interface Watched {
  readonly id: string;
  /** Milliseconds until the first look, and the longest between two; 100 and 30,000 when left out. */
  readonly first?: number;
  readonly longest?: number;
  /** False: it does not keep the program alive. */
  readonly isHeld?: boolean;
  /** Told what one look has shown, which began at `at` (see `clock`): its rows, none if Slurm does not know the job. False: it need not be looked at any more. */
  seen(rows: readonly JobInfo[], at: number): boolean;
  /** The look failed for good. */
  failed(error: unknown): void;
}

/*
 * One watcher for all jobs of this thread, which looks for those of other threads, too: a look is one squeue, whatever their number. Looks come
 * quickly after a job was added, then ever more seldom, and never more often than the budget allows, unless something has happened to a job. While
 * the controller is away they go on, more seldom still: jobs go on too.
 */
const FIRST_MS = 100;
const LONGEST_MS = 30_000;
const GROWTH = 1.5;
/** So long the budget is not asked when a job is about to end: a few looks. */
const HURRY_MS = 15_000;
/** squeue is told the jobs by their numbers: more do not fit into a command well. */
const CHUNK = 2000;

const watched = new Set<Watched>();
let timer: NodeJS.Timeout | null = null;
let isLooking = false;
/** Until the next look, as far as the budget allows. */
let pause = Infinity;
let hurriesUntil = 0;

/** Has a job looked at; with `hurry`, whatever the budget says: something has happened to it. */
export function watch(job: Watched, { hurry = false }: { readonly hurry?: boolean } = {}): void {
  listen(hear);
  watched.add(job);
  pause = Math.min(pause, job.first ?? FIRST_MS);
  if (hurry) hurriesUntil = clock() + HURRY_MS;
  plan();
}

export function unwatch(job: Watched): void {
  if (!watched.delete(job) || watched.size > 0) return;
  pause = Infinity;
  hurriesUntil = 0;
  announce([]);
  if (timer === null) return;
  clearTimeout(timer);
  timer = null;
}

/** What is watched has changed its mind about keeping the program alive. */
export const rewatch = (): void => plan();

function plan(): void {
  if (isLooking || watched.size === 0) return;
  announce([...watched].map(({ id }) => id));
  if (timer !== null) clearTimeout(timer);
  // A little at random: programs that were started together do not ask together.
  const wished = pause * (0.9 + Math.random() * 0.2);
  const delay = clock() < hurriesUntil ? wished : Math.max(wished, budget.delay());
  timer = setTimeout(() => void outsideScopes(look), Math.min(delay, 2 ** 31 - 1));
  if (![...watched].some(({ isHeld = true }) => isHeld)) timer.unref();
}

function slowDown(factor: number): void {
  let longest = LONGEST_MS;
  for (const job of watched) longest = Math.min(longest, job.longest ?? LONGEST_MS);
  pause = Math.min(pause * factor, longest);
}

async function look(): Promise<void> {
  timer = null;
  isLooking = true;
  slowDown(GROWTH);
  const ids = [...new Set([...[...watched].map(({ id }) => id), ...watchedByOthers()])];
  for (let at = 0; at < ids.length; at += CHUNK) await lookAt(ids.slice(at, at + CHUNK));
  isLooking = false;
  plan();
}

async function lookAt(ids: readonly string[]): Promise<void> {
  const at = clock();
  try {
    const seen = { ids, rows: await squeue({ jobs: ids, states: 'all' }), at };
    tellSeen(seen);
    deal(seen);
  } catch (error) {
    if (error instanceof ControllerError) return slowDown(2);
    const failed = [...watched].filter(({ id }) => ids.includes(id));
    for (const job of failed) {
      unwatch(job);
      job.failed(error);
    }
  }
}

/** Another thread has looked: this one need not, for a while. */
function hear(seen: Seen): void {
  if (watched.size === 0) return;
  deal(seen);
  slowDown(GROWTH);
  plan();
}

function deal({ ids, rows, at }: Seen): void {
  const byId = new Map<string, JobInfo[]>(ids.map((id) => [id, []]));
  const add = (id: string, row: JobInfo): void => void byId.get(id)?.push(row);
  for (const row of rows) {
    add(row.id, row);
    // Both a whole array and one element of it may be watched; an element that has not begun has no row of its own.
    if (row.array === null) continue;
    if (row.array !== row.id) add(row.array, row);
    for (const element of row.elements) if (`${row.array}_${element}` !== row.id) add(`${row.array}_${element}`, row);
  }
  for (const job of watched) {
    const own = byId.get(job.id);
    // It was added after the look had begun.
    if (own === undefined) continue;
    if (!job.seen(own, at)) unwatch(job);
  }
}
