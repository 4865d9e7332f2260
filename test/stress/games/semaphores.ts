import { BoundedSemaphore, Semaphore } from '../../../src/threading/index.ts';
import type { Game } from './player.ts';

const PERMITS = 2;

interface State<S> {
  readonly semaphore: S;
}

const gameOf = <S extends Semaphore>(name: string, make: Game<State<S>>['make']): Game<State<S>> => ({
  name,
  words: 0,
  make,
  async play(player, { semaphore }) {
    const { board, seat } = player;
    const isIn = await player.wait(
      (wait) => semaphore.acquireSync(wait),
      (wait) => semaphore.acquire(wait),
    );
    if (isIn === null) return;
    board.enter(seat, PERMITS);
    if (player.random(50) === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    board.leave(seat);
    semaphore.release();
  },
  async verify(_, { semaphore }) {
    if (semaphore.value !== PERMITS) return `${semaphore.value} permits are left of ${PERMITS}`;
    for (let i = 0; i < PERMITS; i++) if (semaphore.tryAcquire() === null) return `a permit is counted, and cannot be had`;
    return semaphore.tryAcquire() === null ? null : 'there is a permit too many';
  },
});

export const semaphore: Game<State<Semaphore>> = gameOf('Semaphore', (heap) => ({ semaphore: new Semaphore(PERMITS, heap) }));

/** Its release throws when there would be more than there were. */
export const boundedSemaphore: Game<State<BoundedSemaphore>> = gameOf('BoundedSemaphore', (heap) => ({
  semaphore: new BoundedSemaphore(PERMITS, heap),
}));
