import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { randomFaults } from '../support/random-faults.ts';
import { test } from '../support/test.ts';

/* A thousand faults: ten rounds from ten seeds, the first of which is printed; MANYCORE_SEED sets it. */
const directory = mkdtempSync(join(tmpdir(), 'manycore-faults-'));
after(() => rmSync(directory, { recursive: true, force: true }));
const first = Number(process.env['MANYCORE_SEED'] ?? Date.now() % 1_000_000);

for (let round = 0; round < 10; round++) {
  const workerType = round % 4 === 3 ? 'processes' : 'threads';
  test(`round ${round}: of a thousand faults, a hundred lose nothing, give nothing twice, and leave nothing pending`, async (context) => {
    if (!existsSync('/proc/self/cmdline')) return context.skip('the nodes are looked for in /proc');
    const happened = await randomFaults({ seed: first + round, faults: 100, directory, workerType });
    context.diagnostic(`seed ${first + round}: ${JSON.stringify([...happened])}`);
  });
}
