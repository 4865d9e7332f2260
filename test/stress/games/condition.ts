import { AbandonedLockError, Condition, Lock, RLock } from '../../../src/threading/index.ts';
import type { Heap } from '../../../src/word/heap.ts';
import { OWN } from './board.ts';
import type { Game, Player } from './player.ts';

/* A box with room for a few things: how many are in it, how many were put, and how many were taken. */
const [COUNT, PUT, TAKEN] = [OWN, OWN + 1, OWN + 2];
const ROOM = 2;

interface State {
  readonly condition: Condition;
}

/** What a player that died had half done, the next one ends. */
function repair({ board: { words } }: Player, { condition }: State): void {
  words[PUT] = words[COUNT]! + words[TAKEN]!;
  condition.notifyAll();
}

async function inside(player: Player, state: State, act: () => Promise<void>): Promise<void> {
  const { condition } = state;
  const [board, { words }] = [player.board, player.board];
  const held = await player.acquire<object>(
    (wait) => condition.acquireSync(wait),
    (wait) => condition.acquire(wait),
    () => repair(player, state),
  );
  if (held === null) return;
  if (words[PUT]! - words[TAKEN]! !== words[COUNT] || words[COUNT]! < 0 || words[COUNT]! > ROOM)
    board.cry(`${words[COUNT]} things are in the box, ${words[PUT]} were put, ${words[TAKEN]} taken`);
  await act();
  condition.release();
}

/** Waits under the lock until the box is as it should be, or no longer. */
async function isReady(player: Player, state: State, ready: () => boolean): Promise<boolean> {
  const { condition } = state;
  try {
    const waited = await player.wait(
      (wait) => condition.waitForSync(ready, wait),
      (wait) => condition.waitFor(ready, wait),
      { ends: true },
    );
    return waited === true;
  } catch (error) {
    // The lock is held again, and its last holder has died.
    if (!(error instanceof AbandonedLockError)) throw error;
    repair(player, state);
    return ready();
  }
}

const gameOf = (name: string, lockIn: (heap: Heap) => Lock | RLock): Game<State> => ({
  name,
  words: 3,
  make: (heap) => ({ condition: new Condition(lockIn(heap), heap) }),
  async play(player, state) {
    const { board, seat } = player;
    const puts = player.random(2) === 0;
    await inside(player, state, async () => {
      const { words } = board;
      if (!(await isReady(player, state, () => (puts ? words[COUNT]! < ROOM : words[COUNT]! > 0)))) return;
      board.enter(seat, 1);
      words[puts ? PUT : TAKEN]!++;
      words[COUNT]! += puts ? 1 : -1;
      board.leave(seat);
      if (player.random(2) === 0) state.condition.notify(1);
      else state.condition.notifyAll();
    });
  },
  async verify({ words }, { condition }) {
    try {
      await condition.acquire();
    } catch (error) {
      if (!(error instanceof AbandonedLockError)) throw error;
      condition.release();
      return null;
    }
    condition.release();
    return words[COUNT] === words[PUT]! - words[TAKEN]! ? null : 'things have got lost from the box';
  },
});

export const condition: Game<State> = gameOf('Condition of a Lock', (heap) => new Lock({}, heap));
export const reentrantCondition: Game<State> = gameOf('Condition of an RLock', (heap) => new RLock({}, heap));
