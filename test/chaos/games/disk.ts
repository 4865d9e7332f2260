import { readFileSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as logging from '../../../src/logging/index.ts';
import { SharedMemory } from '../../../src/multiprocessing/index.ts';
import { int32, SharedValue } from '../../../src/threading/index.ts';
import { until } from '../../support/until.ts';
import { type Game, told } from '../arena.ts';

/*
 * A disk with no room left, for logs and for shared memory that has a name. What holds: a log that can't be written does not end the
 * program, has whole lines, and goes on when there is room again; memory that is not there is refused when it is asked for.
 */
const refusals = new SharedValue(int32, 0);

/** Counts what it could not write. */
export class CountingHandler extends logging.FileHandler {
  override handleError(): void {
    refusals.add(1);
  }
}

export const disk: Game = async ({ random, moves, smallDisk, fault, did, must }) => {
  if (smallDisk === null) return;
  const logged = join(smallDisk, 'log');
  const filling = join(smallDisk, 'filling');
  const logger = logging.getLogger('chaos');
  logger.propagate = false;
  const handler = new CountingHandler(logged);
  logger.addHandler(handler);
  logger.setLevel('INFO');
  let n = 0;
  const kept: number[] = [];
  const log = (): boolean => {
    const before = refusals.value;
    logger.info(`line ${n}`);
    if (refusals.value === before) kept.push(n);
    n++;
    return refusals.value === before;
  };
  for (let move = 0; move < moves; move++) {
    for (let i = random.below(50); i >= 0; i--) log();
    try {
      for (;;) writeFileSync(filling, Buffer.alloc(1 << 14), { flag: 'a' });
    } catch (error) {
      must((error as NodeJS.ErrnoException).code === 'ENOSPC', told(error));
    }
    fault('a full disk under a log');
    for (let i = 0; i < 1e4 && log(); i++);
    rmSync(filling);
    // Another game fills the same disk now and then.
    await until(log, 'a log to go on when there is room again');
  }
  const lines = new Set(readFileSync(logged, 'utf8').split('\n'));
  must(
    kept.every((i) => lines.has(`line ${i}`)),
    'a line that was written is not in the log',
  );
  did('lines in a log whose disk was full at times', kept.length);
  logger.removeHandler(handler);
  handler.close();

  const { bsize, bavail } = statfsSync('/dev/shm');
  for (let move = 0; move < moves; move++) {
    const size = 1 + random.below(3 * bsize * bavail);
    try {
      using memory = new SharedMemory({ create: true, size });
      memory.buf.fill(1);
      memory.unlink();
      did('blocks of shared memory with a name');
    } catch (error) {
      must((error as { code?: string }).code === 'ERR_SHARED_MEMORY_FULL', `a full /dev/shm is told as: ${told(error)}`);
      fault('a full /dev/shm');
    }
  }
};
