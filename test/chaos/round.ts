/*
 * One round, in a process of its own: `round.js <seed> <moves> <folder> <small disk, or its lack> <game,…>`. All games are played at the same time. Writes what came
 * of it into the folder, and has to end by itself: nothing that was started may keep the process.
 */
import { mkdirSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { arena, told } from './arena.ts';
import { games } from './games/index.ts';
import { emptyTally } from './ledger.ts';

const [seed = '1', moves = '10', folder = '.', disk = '', names = ''] = process.argv.slice(2);
const tally = emptyTally();
if (!disk.startsWith('/')) tally.leftOut.push(`a full disk: ${disk}`);
process.on('unhandledRejection', (error) => tally.wrong.push(`a rejection that nobody handles: ${told(error)}`));

async function play(name: string): Promise<void> {
  const own = join(folder, name);
  mkdirSync(own);
  try {
    await games[name]!(
      arena(name, Number(seed), tally, { moves: Number(moves), folder: own, smallDisk: disk.startsWith('/') ? disk : null }),
    );
  } catch (error) {
    tally.wrong.push(`${name}: it was ended by ${told(error)}`);
  }
  rmSync(own, { recursive: true });
  writeSync(1, ` ${name} `);
}

// Each game tells when it is over: that, too, is seen from outside.
await Promise.all(names.split(',').map(play));
process.on('exit', () => writeFileSync(join(folder, 'tally.json'), JSON.stringify(tally)));
