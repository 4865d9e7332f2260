import { AbandonedLockError, Lock, RLock } from '../../../src/threading/index.ts';
import { type Board, OWN } from './board.ts';
import type { Game, Player } from './player.ts';

/* Two plain steps under the lock: whoever sees them apart saw another inside, or takes over from the dead. */
const [FIRST, SECOND] = [OWN, OWN + 1];

interface State<L> {
  readonly lock: L;
}

function step({ board, seat }: Player): void {
  const { words } = board;
  board.enter(seat, 1);
  if (words[FIRST] !== words[SECOND]) board.cry('a step is half done, and nobody was told of a death');
  words[FIRST]!++;
  words[SECOND]!++;
  board.leave(seat);
}

const repair = ({ words }: Board): void => void (words[SECOND] = words[FIRST]!);

async function acquire(player: Player, lock: Lock | RLock): Promise<boolean> {
  const knows = (): void => {
    repair(player.board);
    // Who is told of a death says by a second acquire that it knows; that is no deeper than before.
    lock.acquireSync();
  };
  return (
    null !==
    (await player.acquire<Lock | RLock>(
      (wait) => lock.acquireSync(wait),
      (wait) => lock.acquire(wait),
      knows,
    ))
  );
}

/** Everybody has gone: the lock is free, or the next one is told of the last death. */
async function isLeftFree({ lock }: State<Lock | RLock>): Promise<string | null> {
  try {
    await lock.acquire();
  } catch (error) {
    if (!(error instanceof AbandonedLockError)) throw error;
  }
  lock.release();
  return lock.locked ? 'the lock is left held' : null;
}

export const lock: Game<State<Lock>> = {
  name: 'Lock',
  words: 2,
  make: (heap) => ({ lock: new Lock({}, heap) }),
  async play(player, { lock }) {
    if (!(await acquire(player, lock))) return;
    step(player);
    lock.release();
  },
  verify: (_, state) => isLeftFree(state),
};

export const rlock: Game<State<RLock>> = {
  name: 'RLock',
  words: 2,
  make: (heap) => ({ lock: new RLock({}, heap) }),
  async play(player, { lock }) {
    if (!(await acquire(player, lock))) return;
    const depth = player.random(3);
    for (let i = 0; i < depth; i++) lock.acquireSync();
    step(player);
    for (let i = 0; i <= depth; i++) lock.release();
  },
  verify: (_, state) => isLeftFree(state),
};
