import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { ThreadPoolExecutor } from '../../src/futures/index.ts';
import { ThreadPool } from '../../src/multiprocessing/index.ts';
import { activeCount, Thread } from '../../src/threading/index.ts';
import { test } from '../support/test.ts';
import { until } from '../support/until.ts';
import { watch } from '../support/watchdog.ts';
import { numbers } from './games/player.ts';

type Load = (n: number) => number | Promise<number>;

/* Threads and pools that load modules, CommonJS and ES modules in turn, and are ended at any moment, from a seed. Whoever waits hears of it. */
const GAMES = 200;
const LATEST_MS = 60;
const seed = Number(process.env['MANYCORE_SEED'] ?? Date.now() % 1e9);

const folder = mkdtempSync(join(tmpdir(), 'manycore-ended-'));
after(() => rmSync(folder, { recursive: true }));

function writeModules(): readonly Load[] {
  const many = Array.from({ length: 60 }, (_, i) => i);
  for (const i of many) writeFileSync(join(folder, `m${i}.mjs`), `export const n${i} = ${i};`);
  for (const i of many) writeFileSync(join(folder, `c${i}.cjs`), `module.exports = require('./m${i}.mjs').n${i};`);
  writeFileSync(join(folder, 'all.mjs'), many.map((i) => `export * from './m${i}.mjs'; import './c${i}.cjs';`).join('\n'));
  const file = join(folder, 'load.cjs');
  writeFileSync(
    file,
    `const sum = (all) => Object.values(all).reduce((a, b) => a + b, 0);
    exports.required = (n) => sum({ ...require('./all.mjs') }) + n;
    exports.imported = async (n) => sum(await import('./all.mjs')) + n;
    exports.both = async (n) => { const all = import('./all.mjs'); require('./c1.cjs'); return sum(await all) + n; };
    exports.left = (n) => { require('./c2.cjs'); process.exit(n % 3); };`,
  );
  return Object.values(createRequire(file)(file) as Record<string, Load>);
}

const loads = writeModules();
const below = numbers(seed);
const someLoad = (): Load => loads[below(loads.length)]!;
const moment = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, below(LATEST_MS)));

const games: Readonly<Record<string, () => Promise<unknown>>> = {
  async thread() {
    const thread = new Thread({ target: someLoad(), args: [1], fresh: below(2) === 0 });
    thread.start();
    await moment();
    await thread.terminate();
    await thread.join();
  },
  async 'thread in a thread'() {
    const target = (load: Load): void => {
      const inner = new Thread({ target: load, args: [1] });
      inner.start();
      inner.joinSync();
    };
    const thread = new Thread({ target, args: [someLoad()] });
    thread.start();
    await moment();
    await thread.terminate();
  },
  async 'pool at once'() {
    const pool = new ThreadPool(1 + below(3));
    pool.terminate();
    await pool.join();
  },
  async pool() {
    const pool = new ThreadPool(1 + below(3));
    const results = [pool.apply(someLoad(), [1]), pool.map(someLoad(), [1, 2, 3])];
    const told = Promise.allSettled(results);
    await moment();
    pool.terminate();
    await pool.join();
    await told;
  },
  async executor() {
    const executor = new ThreadPoolExecutor({ maxWorkers: 1 + below(3) });
    const told = Promise.allSettled([1, 2, 3].map((n) => executor.submit(someLoad(), n)));
    await moment();
    await (below(2) === 0 ? executor.terminateWorkers() : executor.shutdown());
    await told;
  },
};

test('threads that are ended at random while they load modules take nobody with them, and leave nobody waiting', async (t) => {
  const names = Object.keys(games);
  for (let i = 0; i < GAMES; i++) {
    const name = names[below(names.length)]!;
    watch(`MANYCORE_SEED=${seed}: game ${i}, ${name}`);
    await games[name]!();
  }
  await until(() => activeCount() === 1);
  assert.equal(activeCount(), 1);
  t.diagnostic(`seed ${seed}`);
});
