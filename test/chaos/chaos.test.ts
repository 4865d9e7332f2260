import assert from 'node:assert/strict';
import { LONG } from '../support/patience.ts';
import { test } from '../support/test.ts';
import { watch } from '../support/watchdog.ts';
import { playRound } from './play-round.ts';

test('whatever is killed, cut, filled and cancelled at random, nothing is lost, and nothing hangs or is left', async (context) => {
  const onMove = (): void => watch('a round of chaos');
  const { wrong, leftOut, faults } = await playRound({ seed: 1, moves: 3, limit: 0.9 * LONG, onMove });
  assert.deepEqual(wrong, []);
  for (const reason of leftOut) context.diagnostic(reason);
  assert.ok(Object.keys(faults).length > 10, `few things were tried: ${Object.keys(faults).join(', ')}`);
});
