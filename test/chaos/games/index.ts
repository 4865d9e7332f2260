import type { Game } from '../arena.ts';
import { disk } from './disk.ts';
import { killedProcesses, killedThreads } from './holders.ts';
import { managed } from './managed.ts';
import { poolOfProcesses, poolOfThreads } from './pools.ts';
import { programs } from './programs.ts';
import { sockets } from './sockets.ts';
import { tasks } from './tasks.ts';
import { together } from './together.ts';

export const games: Readonly<Record<string, Game>> = {
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
