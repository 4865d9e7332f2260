import type { Game } from '../arena.ts';
import { disk } from './disk.ts';
import { killedProcesses, killedThreads } from './holders.ts';
import { managed } from './managed.ts';
import { planted } from './planted.ts';
import { poolOfProcesses, poolOfThreads } from './pools.ts';
import { programs } from './programs.ts';
import { sockets } from './sockets.ts';
import { tasks } from './tasks.ts';
import { together } from './together.ts';

const usual = {
  threads: killedThreads,
  processes: killedProcesses,
  'pool-of-threads': poolOfThreads,
  'pool-of-processes': poolOfProcesses,
  programs,
  sockets,
  managed,
  tasks,
  disk,
  together,
};

export const games: Readonly<Record<string, Game>> = { ...usual, planted };
/** Those that are played when none are named. */
export const usualGames: readonly string[] = Object.keys(usual);
