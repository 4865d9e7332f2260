/*
 * `npm run chaos`: plays against the whole library at random, from seeds, until its time is over. Says what was tried, and what was lost.
 */
import { parse, UsageError } from '../../src/cli/usage-error.ts';
import { wholeNumber } from '../../src/cli/whole-number.ts';
import { games, usualGames } from './games/index.ts';
import { addTally, describe, emptyTally } from './ledger.ts';
import { playRound } from './play-round.ts';

const USAGE = `npm run chaos -- [options]

  --seconds=N   for how long new rounds begin (60)
  --seed=N      the first seed; each further round has the next one. Left out: another one each time
  --rounds=N    so many rounds, however long they take; 1 when a seed is given
  --moves=N     how many faults each game causes in a round (15)
  --only=A,B    these games: ${usualGames.join(', ')}`;

async function main(): Promise<number> {
  const { values } = parse({
    options: {
      seconds: { type: 'string' },
      seed: { type: 'string' },
      rounds: { type: 'string' },
      moves: { type: 'string' },
      only: { type: 'string' },
      help: { type: 'boolean' },
    },
  });
  if (values.help === true) {
    console.log(USAGE);
    return 0;
  }
  const names = values.only?.split(',') ?? usualGames;
  const unknown = names.find((name) => !Object.hasOwn(games, name));
  if (unknown !== undefined) throw new UsageError(`there is no game ${unknown}: the games are ${usualGames.join(', ')}`);
  const seconds = wholeNumber('seconds', values.seconds, 1) ?? 60;
  const seed = wholeNumber('seed', values.seed, 0);
  const first = seed ?? Date.now() % 1_000_000;
  const moves = wholeNumber('moves', values.moves, 1) ?? 15;
  const rounds = wholeNumber('rounds', values.rounds, 1) ?? (seed === undefined ? Infinity : 1);
  const end = performance.now() + seconds * 1000;
  let played = 0;
  const goesOn = (): boolean => (rounds === Infinity ? performance.now() < end : played < rounds);
  const total = emptyTally();
  for (let next = first; goesOn(); next++) {
    const tally = await playRound({ seed: next, moves, names, limit: 300_000 });
    addTally(total, tally);
    played++;
    console.log(`seed ${next}: ${tally.wrong.length === 0 ? 'nothing lost' : 'WRONG'}`);
    if (tally.wrong.length > 0) {
      for (const line of tally.wrong) console.log(`  ${line}`);
      console.log(`  again: npm run chaos -- --seed=${next} --moves=${moves}${values.only === undefined ? '' : ` --only=${values.only}`}`);
    }
  }
  console.log(`\n${played} ${played === 1 ? 'round' : 'rounds'}, from seed ${first} on, Node ${process.versions.node}\n${describe(total)}`);
  return total.wrong.length === 0 ? 0 : 1;
}

try {
  process.exitCode = await main();
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  console.error(`${error.message}\n\n${USAGE}`);
  process.exitCode = 2;
}
