import { dismissSpares } from '../../src/host/process/spares.ts';
import { after, test } from '../support/test.ts';
import { contest, GROUNDS } from './games/contest.ts';
import { GAMES } from './games/games.ts';

/*
 * Many threads and processes at random: they wait without an end, with time-outs, and until they are cancelled, and are killed anywhere.
 * The seed is printed; MANYCORE_SEED sets the first one, and MANYCORE_STRESS says for how many seconds each test runs.
 */
after(dismissSpares);
const seconds = Number(process.env['MANYCORE_STRESS'] ?? 20);
const first = Number(process.env['MANYCORE_SEED'] ?? Date.now() % 1_000_000);

for (const ground of GROUNDS) {
  for (const { name } of GAMES) {
    test(`${name}: its rules hold, whoever of its ${ground.name} is killed`, async (context) => {
      const end = performance.now() + seconds * 1000;
      for (let seed = first; performance.now() < end; seed++) context.diagnostic(await contest(name, ground, seed, 20));
    });
  }
}
