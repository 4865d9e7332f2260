import assert from 'node:assert/strict';
import { type Future, ProcessPoolExecutor } from '../../src/futures/index.ts';
import { dismissSpares } from '../../src/host/process/spares.ts';
import { Event as SharedEvent } from '../../src/multiprocessing/index.ts';
import { LONG, SHORT } from '../support/patience.ts';
import { after, test } from '../support/test.ts';
import { waitsElsewhere } from './waits-elsewhere.ts';

/* What a pool of processes does while the thread that made it is blocked: in the pool, in a callback, or in something else. */

after(dismissSpares);

const twice = (n: number): number => n * 2;
const failsOnce = (hasFailed: SharedEvent): string => {
  if (hasFailed.isSet()) return 'at last';
  hasFailed.set();
  throw new RangeError('at first');
};
const exits = (): never => process.exit(7);
const endless = (): never => {
  for (;;);
};
const delays = [1, { times: 1, delay: SHORT / 5 }] as const;

test('a task in a process is tried again, and out of time, while the thread that made its pool waits for it by blocking', async () => {
  await using pool = new ProcessPoolExecutor({ maxWorkers: 1 });
  for (const retries of delays) {
    const view = pool.with({ retries });
    assert.equal(view.submit(failsOnce, new SharedEvent()).resultSync(), 'at last');
    assert.deepEqual(view.map(failsOnce, [new SharedEvent()]).toArraySync(), ['at last']);
  }
  assert.equal((pool.with({ timeout: SHORT }).submit(endless).exceptionSync() as Error).name, 'TimeoutError');
  assert.equal(pool.submit(twice, 4).resultSync(), 8);
});

test('a blocking shutdown of a pool of processes waits for the tasks that are to be tried again', () => {
  const pool = new ProcessPoolExecutor({ maxWorkers: 1 });
  const futures = delays.map((retries) => pool.with({ retries }).submit(failsOnce, new SharedEvent()));
  pool.shutdownSync();
  assert.deepEqual(
    futures.map((future) => future.resultSync()),
    ['at last', 'at last'],
  );
});

test('who is told of a result, or of a loss, may wait by blocking for what is taken in, or begun, after it', async () => {
  await using pool = new ProcessPoolExecutor({ maxWorkers: 1 });
  for (const first of [twice, exits] as ((n: number) => unknown)[]) {
    const futures = [pool.submit(first, 1), ...[2, 3, 4].map((n) => pool.submit(twice, n))];
    const seen: unknown[] = [];
    futures[0]!.addDoneCallback(() => {
      for (const other of futures.slice(1)) seen.push(other.resultSync({ timeout: LONG }));
    });
    // All are in when the first is taken.
    if (first === twice) while (!futures.at(-1)!.done) futures.at(-1)!.exceptionSync();
    await futures[0]!.exception();
    assert.deepEqual(seen, [4, 6, 8]);
  }
});

test('while its maker waits for something else, another thread hears what became of tasks of a pool of processes', async () => {
  await using pool = new ProcessPoolExecutor({ maxWorkers: 1 });
  const futures: Future[] = [
    pool.submit(exits),
    pool.submit(twice, 2),
    pool.with({ timeout: SHORT }).submit(endless),
    pool.with({ retries: delays[1] }).submit(failsOnce, new SharedEvent()),
  ];
  for (const future of futures) {
    assert.equal(waitsElsewhere(future).waitSync({ timeout: LONG }), true);
  }
  const names = futures.map((future) => (future.exceptionSync() as Error | null)?.name ?? null);
  assert.deepEqual(names, ['BrokenProcessPool', null, 'TimeoutError', null]);
});
