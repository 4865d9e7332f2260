import assert from 'node:assert/strict';
import { ThreadPoolExecutor } from '../../src/futures/index.ts';
import { test } from '../support/test.ts';

test('results of hundreds of kilobytes arrive as they were given, while the memory that the threads share grows', async () => {
  await using pool = new ThreadPoolExecutor({ maxWorkers: 2 });
  const texts = (from: number): { text: string }[] =>
    Array.from({ length: 60 }, (_, i) => ({
      text: String(from + i)
        .padStart(8, '0')
        .repeat(500),
    }));
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < 30_000) {
      const from = (next += 64);
      assert.deepEqual(await pool.submit(texts, from), texts(from));
    }
  };
  await Promise.all([lane(), lane()]);
});
