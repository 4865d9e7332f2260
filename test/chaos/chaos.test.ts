import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
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

test('a seed that loses something is told with the command that plays it again, and loses the same again', () => {
  const main = fileURLToPath(new URL('./main.js', import.meta.url));
  const played = (...args: string[]): { readonly stdout: string; readonly status: number | null } =>
    spawnSync(process.execPath, [main, ...args], { encoding: 'utf8', timeout: LONG });
  const first = played('--only=planted', '--seed=10', '--moves=6', '--rounds=3');
  assert.equal(first.status, 1);
  const [, lost, seed, words] = /WRONG\n((?: {2}planted: .*\n)+) {2}again: npm run chaos -- --seed=(\d+) (.*)\n/.exec(first.stdout)!;
  const again = played(`--seed=${seed}`, ...words!.split(' '));
  assert.equal(again.status, 1);
  assert.ok(again.stdout.includes(lost!), again.stdout);
  assert.match(again.stdout, /^1 round, from seed \d+ on/m);
});
