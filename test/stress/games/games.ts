import { barrier } from './barrier.ts';
import { condition, reentrantCondition } from './condition.ts';
import { event } from './event.ts';
import { lock, rlock } from './locks.ts';
import { once } from './once.ts';
import type { Game } from './player.ts';
import { queue } from './queue.ts';
import { rwlock } from './rwlock.ts';
import { boundedSemaphore, semaphore } from './semaphores.ts';

/** One for each algorithm of src/sync, and one more where a face of it adds something. */
export const GAMES = [
  lock,
  rlock,
  semaphore,
  boundedSemaphore,
  event,
  condition,
  reentrantCondition,
  barrier,
  once,
  rwlock,
  queue,
] as unknown as readonly Game[];
