import assert from 'node:assert/strict';
import { activeCount, enumerate, Thread } from '../../src/threading/index.ts';
import { test } from '../support/test.ts';
import { until } from '../support/until.ts';

test('threads are enumerated while others come and go, in several threads at once', async () => {
  const end = new Int32Array(new SharedArrayBuffer(8));
  const starters = [1, 2].map(
    () =>
      new Thread({
        name: 'starter',
        target: async () => {
          for (let i = 0; i < 3000; i++) {
            const thread = new Thread({ name: `a thread ${i}`, target: () => {} });
            thread.start();
            if (i % 2 === 0) await thread.join();
          }
          Atomics.add(end, 0, 1);
        },
      }),
  );
  const looks = new Thread({
    name: 'looks',
    target: () => {
      while (Atomics.load(end, 0) < 2) for (const { name } of enumerate()) if (name === '') Atomics.add(end, 1, 1);
    },
  });
  for (const thread of [...starters, looks]) thread.start();
  while (Atomics.load(end, 0) < 2) {
    for (const { name } of enumerate()) assert.notEqual(name, '');
    await new Promise((resolve) => setImmediate(resolve));
  }
  for (const thread of [...starters, looks]) {
    assert.equal(await thread.join(), true);
    assert.equal(thread.death, null);
  }
  assert.equal(end[1], 0);
  await until(() => activeCount() === 1);
});
