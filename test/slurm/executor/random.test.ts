import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { randomFaults } from '../../support/random-faults.ts';
import { test } from '../../support/test.ts';

/* A short round of test/stress/slurm-faults. The seed is printed; MANYCORE_SEED sets it. */
const directory = mkdtempSync(join(tmpdir(), 'manycore-faults-'));
after(() => rmSync(directory, { recursive: true, force: true }));
const seed = Number(process.env['MANYCORE_SEED'] ?? Date.now() % 1_000_000);

for (const workerType of ['threads', 'processes'] as const) {
  test(`whatever happens to nodes with ${workerType}, nothing is lost, nothing comes twice, and nothing hangs`, async (context) => {
    if (!existsSync('/proc/self/cmdline')) return context.skip('the nodes are looked for in /proc');
    const happened = await randomFaults({ seed, faults: 12, directory, workerType });
    context.diagnostic(`seed ${seed}: ${JSON.stringify([...happened])}`);
  });
}
