import { dismissSpares } from '../../src/host/process/spares.ts';
import { contest, GROUNDS } from '../stress/games/contest.ts';
import { GAMES } from '../stress/games/games.ts';
import { after, test } from '../support/test.ts';

/* A short round of what test/stress/games.test.ts does for long. MANYCORE_SEED repeats one that failed. */
after(dismissSpares);
const seed = Number(process.env['MANYCORE_SEED'] ?? Date.now() % 1_000_000);

for (const ground of GROUNDS) {
  for (const { name } of GAMES) {
    test(`${name}: its rules hold, whoever of its ${ground.name} is killed`, async (context) => {
      context.diagnostic(await contest(name, ground, seed, ground.name === 'threads' ? 4 : 2));
    });
  }
}
