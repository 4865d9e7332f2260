/*
 * `npm run chaos`: plays against the whole library at random, from seeds, until its time is over. Says what was tried, and what was lost.
 */
import { parseArgs } from 'node:util';
import { games } from './games/index.ts';
import { addTally, describe, emptyTally } from './ledger.ts';
import { playRound } from './play-round.ts';

const USAGE = `npm run chaos -- [options]

  --seconds=N   for how long new rounds begin (60)
  --seed=N      the first seed; each further round has the next one. Left out: another one each time
  --rounds=N    so many rounds, however long they take; 1 when a seed is given
  --moves=N     how many faults each game causes in a round (15)
  --only=A,B    these games: ${Object.keys(games).join(', ')}`;

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    seed: { type: 'string' },
    rounds: { type: 'string' },
    moves: { type: 'string', default: '15' },
    only: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

async function main(): Promise<number> {
  const names = values.only?.split(',') ?? Object.keys(games);
  if (values.help || names.some((name) => games[name] === undefined)) {
    console.log(USAGE);
    return values.help ? 0 : 2;
  }
  const first = Number(values.seed ?? Date.now() % 1_000_000);
  const moves = Number(values.moves);
  const rounds = Number(values.rounds ?? (values.seed === undefined ? Infinity : 1));
  const end = performance.now() + Number(values.seconds) * 1000;
  let played = 0;
  const goesOn = (): boolean => (rounds === Infinity ? performance.now() < end : played < rounds);
  const total = emptyTally();
  for (let seed = first; goesOn(); seed++) {
    const tally = await playRound({ seed, moves, names, limit: 300_000 });
    addTally(total, tally);
    played++;
    console.log(`seed ${seed}: ${tally.wrong.length === 0 ? 'nothing lost' : 'WRONG'}`);
    if (tally.wrong.length > 0) {
      for (const line of tally.wrong) console.log(`  ${line}`);
      console.log(`  again: npm run chaos -- --seed=${seed} --moves=${moves}${values.only === undefined ? '' : ` --only=${values.only}`}`);
    }
  }
  console.log(`\n${played} rounds, from seed ${first} on, Node ${process.versions.node}\n${describe(total)}`);
  return total.wrong.length === 0 ? 0 : 1;
}

process.exitCode = await main();
