import { AbandonedLockError, type Held, RWLock } from '../../../src/threading/index.ts';
import { type Board, OWN, SEATS } from './board.ts';
import type { Game } from './player.ts';

const [FIRST, SECOND] = [OWN, OWN + 1];

interface State {
  readonly lock: RWLock;
}

export const rwlock: Game<State> = {
  name: 'RWLock',
  words: 2,
  make: (heap) => ({ lock: new RWLock({}, heap) }),
  async play(player, { lock }) {
    const { board, seat } = player;
    if (player.random(3) === 0) {
      const held = await player.acquire<Held>(
        (wait) => lock.acquireWriteSync(wait),
        (wait) => lock.acquireWrite(wait),
        () => {},
      );
      if (held === null) return;
      board.enterAlone(seat);
      board.words[FIRST]!++;
      board.words[SECOND] = board.words[FIRST]!;
      board.leaveAlone(seat);
      held.release();
      return;
    }
    let isTorn = false;
    const held = await player.acquire<Held>(
      (wait) => lock.acquireReadSync(wait),
      (wait) => lock.acquireRead(wait),
      () => (isTorn = true),
    );
    if (held === null) return;
    board.enter(seat, SEATS);
    if (!isTorn && board.words[FIRST] !== board.words[SECOND]) board.cry('a reader sees what is half written, and was told of no death');
    board.leave(seat);
    held.release();
  },
  async verify(_: Board, { lock }) {
    try {
      await lock.acquireWrite();
    } catch (error) {
      if (!(error instanceof AbandonedLockError)) throw error;
    }
    lock.releaseWrite();
    return lock.holders === 0 ? null : `${lock.holders} are left inside`;
  },
};
